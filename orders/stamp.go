package orders

// stamp writes RFC 3339 times and keeps the calendar part of the last one: it changes once a second.
type stamp struct {
	second int64
	text   [stampCalendar]byte
	made   bool
}

const (
	stampCalendar = len("2006-01-02T15:04:05")
	stampWidth    = stampCalendar + len(".000Z")
)

// put writes wallNanos in UTC with milliseconds, cut and not rounded: a deadline never moves later.
//
// Shape: wallNanos >= 0 and before the year 10000, len(out) >= stampWidth.
func (s *stamp) put(out []byte, wallNanos int64) {
	second := wallNanos / 1e9
	if second != s.second || !s.made {
		s.calendar(second)
	}
	copy(out, s.text[:])
	out[stampCalendar] = '.'
	putUnsigned(out[stampCalendar+1:], uint64(wallNanos%1e9/1e6), 3)
	out[stampWidth-1] = 'Z'
}

// calendar turns seconds since the Unix epoch into a date.
//
// Source: H. Hinnant, "chrono-Compatible Low-Level Date Algorithms", civil_from_days.
func (s *stamp) calendar(second int64) {
	days := uint64(second/86400) + 719468 // since 0000-03-01
	era := days / 146097
	dayOfEra := days % 146097
	yearOfEra := (dayOfEra - dayOfEra/1460 + dayOfEra/36524 - dayOfEra/146096) / 365
	dayOfYear := dayOfEra - (365*yearOfEra + yearOfEra/4 - yearOfEra/100)
	shifted := (5*dayOfYear + 2) / 153 // month counted from March
	day := dayOfYear - (153*shifted+2)/5 + 1
	month, year := shifted+3, yearOfEra+era*400
	if month > 12 {
		month, year = month-12, year+1
	}
	copy(s.text[:], "0000-00-00T00:00:00")
	ofDay := uint64(second % 86400)
	putUnsigned(s.text[0:4], year, 4)
	putUnsigned(s.text[5:7], month, 2)
	putUnsigned(s.text[8:10], day, 2)
	putUnsigned(s.text[11:13], ofDay/3600, 2)
	putUnsigned(s.text[14:16], ofDay/60%60, 2)
	putUnsigned(s.text[17:19], ofDay%60, 2)
	s.second, s.made = second, true
}
