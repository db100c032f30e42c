package scan

// Marks remember which fields of a message were found, as bits, and which of them came twice.
type Marks struct{ seen, doubled uint64 }

// Saw notes fields.
func (m *Marks) Saw(fields uint64) {
	m.doubled |= m.seen & fields
	m.seen |= fields
}

// Has tells whether all of fields were found.
func (m *Marks) Has(fields uint64) bool { return m.seen&fields == fields }

// Any tells whether one of fields was found.
func (m *Marks) Any(fields uint64) bool { return m.seen&fields != 0 }

// Twice tells whether any field was found more than once.
func (m *Marks) Twice() bool { return m.doubled != 0 }

// Text takes a string without escapes, or skips what is none.
func (m *Marks) Text(c *Cursor, into *[]byte, field uint64) {
	if text, ok := c.TryText(); ok {
		*into = text
		m.Saw(field)
	}
}

// Int takes a whole number, or skips what is none.
func (m *Marks) Int(c *Cursor, into *int64, field uint64) {
	if value, ok := c.TryInt(); ok {
		*into = value
		m.Saw(field)
	}
}

// Quoted takes a whole number that is written as a string, or skips what is none.
func (m *Marks) Quoted(c *Cursor, into *int64, field uint64) {
	text, ok := c.TryText()
	if !ok {
		return
	}
	if value, used := Digits(text); used > 0 && used == len(text) {
		*into = value
		m.Saw(field)
	}
}

// Bool takes true or false, or skips what is neither.
func (m *Marks) Bool(c *Cursor, into *bool, field uint64) {
	if value, ok := c.TryBool(); ok {
		*into = value
		m.Saw(field)
	}
}
