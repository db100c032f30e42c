package scan

// Time reads an RFC 3339 time in UTC, "2023-10-06T17:35:55.440295Z", with any number of decimals up to 18 or
// none, of which nine count. ok is false for everything else, other offsets than Z and +00:00 too.
//
// Shape: years 1970 to 2261, the range of nanoseconds in 64 bits. A leap second (60) reads as the second after.
func Time(text []byte) (nanos int64, ok bool) {
	const calendar = len("2006-01-02T15:04:05")
	if len(text) < calendar+1 || text[4] != '-' || text[7] != '-' || text[10]|0x20 != 't' && text[10] != ' ' || text[13] != ':' || text[16] != ':' {
		return 0, false
	}
	year, ok1 := two(text[0:], text[2:])
	month, ok2 := two(nil, text[5:])
	day, ok3 := two(nil, text[8:])
	hour, ok4 := two(nil, text[11:])
	minute, ok5 := two(nil, text[14:])
	second, ok6 := two(nil, text[17:])
	if !ok1 || !ok2 || !ok3 || !ok4 || !ok5 || !ok6 || year < 1970 || year > 2261 || month < 1 || month > 12 ||
		day < 1 || day > daysOf(year, month) || hour > 23 || minute > 59 || second > 60 {
		return 0, false
	}
	fraction, used := decimals(text[calendar:])
	switch zone := string(text[calendar+used:]); zone {
	case "Z", "z", "+00:00", "-00:00":
	default:
		return 0, false
	}
	seconds := daysSince1970(year, month, day)*86400 + hour*3600 + minute*60 + second
	return seconds*1_000_000_000 + fraction, true
}

// two reads two digits, or four in two pieces.
func two(high, low []byte) (value int64, ok bool) {
	if len(low) < 2 || low[0]-'0' > 9 || low[1]-'0' > 9 {
		return 0, false
	}
	value = int64(low[0]-'0')*10 + int64(low[1]-'0')
	if high == nil {
		return value, true
	}
	hundreds, ok := two(nil, high)
	return hundreds*100 + value, ok
}

// decimals reads ".440295" as nanoseconds; used is 0 where there is no dot.
func decimals(text []byte) (nanos int64, used int) {
	if text[0] != '.' {
		return 0, 0
	}
	unit := int64(100_000_000)
	for used = 1; used < len(text) && used <= 18 && text[used]-'0' <= 9; used++ {
		nanos += int64(text[used]-'0') * unit
		unit /= 10
	}
	if used == 1 {
		return 0, 0 // a dot alone: the zone will not match
	}
	return nanos, used
}

func daysOf(year, month int64) int64 {
	switch month {
	case 4, 6, 9, 11:
		return 30
	case 2:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	}
	return 31
}

// daysSince1970 counts from a year that begins in March, so that leap days come last.
//
// Source: H. Hinnant, "chrono-Compatible Low-Level Date Algorithms", days_from_civil.
func daysSince1970(year, month, day int64) int64 {
	if month <= 2 {
		year--
		month += 12
	}
	era := year / 400
	yearOfEra := year - era*400
	dayOfYear := (153*(month-3)+2)/5 + day - 1
	dayOfEra := yearOfEra*365 + yearOfEra/4 - yearOfEra/100 + dayOfYear
	return era*146097 + dayOfEra - 719468
}
