package scan

// Cursor walks one JSON message from front to back. See the package comment for the shape of a walk.
//
// Each method that reads a value must be called where a value stands: at the start, after Key, or after
// More. Called elsewhere it finds a comma or a bracket, and that is a fault like any other.
type Cursor struct {
	data  []byte
	at    int
	depth int  // open containers
	fresh bool // a container was opened and nothing in it was read yet: no comma is due
	fault Fault
}

// MaxDepth is how many containers may be open at once. Venues nest five deep at most; the bound keeps Skip
// free of recursion, with one bit a level.
const MaxDepth = 64

// Kind is the kind of a JSON value.
type Kind uint8

// The kinds. None stands for a byte that begins no value, and for a latched fault.
const (
	None Kind = iota
	Object
	Array
	String
	Number
	Bool
	Null
)

var kinds = [256]Kind{
	'{': Object, '[': Array, '"': String, 't': Bool, 'f': Bool, 'n': Null,
	'-': Number, '0': Number, '1': Number, '2': Number, '3': Number, '4': Number,
	'5': Number, '6': Number, '7': Number, '8': Number, '9': Number,
}

// Reset starts a walk over message, which is borrowed until the last use of the cursor and its spans.
func (c *Cursor) Reset(message []byte) { *c = Cursor{data: message} }

// End tells whether the whole message was read and was sound.
func (c *Cursor) End() error {
	if c.fault == faultNone {
		c.white()
		switch {
		case c.depth != 0:
			c.stop(ErrEnd)
		case c.at < len(c.data):
			c.stop(ErrTrailing)
		case len(c.data) == 0:
			c.stop(ErrEnd)
		}
	}
	if c.fault != faultNone {
		return c.fault
	}
	return nil
}

// Sound tells whether no fault has been met so far.
func (c *Cursor) Sound() bool { return c.fault == faultNone }

// At is how many bytes were read; after a fault, where it was met.
func (c *Cursor) At() int { return c.at }

// Kind is the kind of the value that stands ahead, without reading it.
func (c *Cursor) Kind() Kind {
	if c.fault != faultNone || !c.value() {
		return None
	}
	return kinds[c.data[c.at]]
}

// Object opens an object. Key then finds its fields.
func (c *Cursor) Object() { c.open('{') }

// Array opens an array. More then finds its elements.
func (c *Cursor) Array() { c.open('[') }

func (c *Cursor) open(bracket byte) {
	if c.fault != faultNone || !c.value() {
		return
	}
	if c.data[c.at] != bracket {
		c.mismatch()
		return
	}
	if c.depth == MaxDepth {
		c.stop(ErrDepth)
		return
	}
	c.at++
	c.depth++
	c.fresh = true
}

// Key goes to the next field of the open object and returns its key as it is written, or closes the object
// and answers false.
func (c *Cursor) Key() (key []byte, more bool) {
	// The shape in which venues send their fields: `,"key":` without white space. Everything else, and all faults,
	// are left to the general way.
	data, at := c.data, c.at
	if !c.fresh && at < len(data) && data[at] == ',' {
		at++
	} else if !c.fresh {
		return c.key()
	}
	rest := data[at:]
	if len(rest) < 5 || rest[0] != '"' || c.fault != faultNone || c.depth == 0 {
		return c.key()
	}
	size := 1
	if rest[2] != '"' || !plain[rest[1]] {
		size = Plain(rest[1:])
	}
	if len(rest) < size+3 || rest[size+1] != '"' || rest[size+2] != ':' {
		return c.key()
	}
	c.fresh = false
	c.at = at + size + 3
	return rest[1 : size+1], true
}

func (c *Cursor) key() (key []byte, more bool) {
	if !c.next('}') {
		return nil, false
	}
	if c.data[c.at] != '"' {
		c.stop(ErrSyntax)
		return nil, false
	}
	key, _ = c.text()
	if c.fault != faultNone || !c.value() {
		return nil, false
	}
	if c.data[c.at] != ':' {
		c.stop(ErrSyntax)
		return nil, false
	}
	c.at++
	return key, true
}

// More goes to the next element of the open array, or closes the array and answers false.
func (c *Cursor) More() bool { return c.next(']') }

// next steps over a comma where one is due and to what follows it, or closes the container.
func (c *Cursor) next(bracket byte) bool {
	if c.fault != faultNone || !c.value() {
		return false
	}
	if c.depth == 0 { // a broken walk: there is nothing to close
		c.stop(ErrSyntax)
		return false
	}
	if c.data[c.at] == bracket {
		c.at++
		c.depth--
		c.fresh = false
		return false
	}
	if c.fresh {
		c.fresh = false
		return true
	}
	if c.data[c.at] != ',' {
		c.stop(ErrSyntax)
		return false
	}
	c.at++
	if !c.value() {
		return false
	}
	if c.data[c.at] == bracket { // a comma promises something
		c.stop(ErrSyntax)
		return false
	}
	return true
}

// Skip reads a value of any kind, with all checks.
func (c *Cursor) Skip() {
	switch c.Kind() {
	case String:
		c.text()
	case Number:
		c.number()
	case Object, Array:
		c.skipNested()
	default:
		c.scalar()
	}
}

// Span is Skip that returns the bytes of the value; nil after a fault.
func (c *Cursor) Span() []byte {
	if c.fault != faultNone || !c.value() {
		return nil
	}
	from := c.at
	c.Skip()
	if c.fault != faultNone {
		return nil
	}
	return c.data[from:c.at]
}

// skipNested needs no recursion: one bit a level tells objects from arrays, the lowest for the innermost.
func (c *Cursor) skipNested() {
	base, objects := c.depth, uint64(0)
	for {
		switch c.Kind() {
		case Object:
			c.Object()
			objects = objects<<1 | 1
		case Array:
			c.Array()
			objects <<= 1
		default:
			c.scalar()
		}
		for !c.again(objects&1 != 0) {
			objects >>= 1
			if c.fault != faultNone || c.depth == base {
				return
			}
		}
	}
}

func (c *Cursor) again(object bool) bool {
	if object {
		_, more := c.Key()
		return more
	}
	return c.More()
}

// scalar reads a string, a number or a literal.
func (c *Cursor) scalar() {
	switch c.Kind() {
	case String:
		c.text()
	case Number:
		c.number()
	case Bool:
		c.Bool()
	case Null:
		c.Null()
	default:
		c.mismatch()
	}
}

// Bool reads true or false.
func (c *Cursor) Bool() bool {
	if c.fault != faultNone || !c.value() {
		return false
	}
	if c.literal("true") {
		return true
	}
	if !c.literal("false") {
		if kinds[c.data[c.at]] == Bool {
			c.stop(ErrSyntax)
		}
		c.mismatch()
	}
	return false
}

// TryBool reads the value ahead as Bool where it is one. Where it is anything else it is skipped, with all
// checks, and ok is false.
func (c *Cursor) TryBool() (value, ok bool) {
	if c.Kind() != Bool {
		c.Skip()
		return false, false
	}
	value = c.Bool()
	return value, c.fault == faultNone
}

// Null reads null, if that is what stands ahead, and tells whether it did.
func (c *Cursor) Null() bool {
	if c.fault != faultNone || !c.value() || c.data[c.at] != 'n' {
		return false
	}
	if c.literal("null") {
		return true
	}
	c.stop(ErrSyntax)
	return false
}

func (c *Cursor) literal(word string) bool {
	if rest := c.data[c.at:]; len(rest) >= len(word) && string(rest[:len(word)]) == word {
		c.at += len(word)
		return true
	}
	return false
}

// Ahead is what follows, beginning with the value that stands ahead: for readers that know a shape of value
// better than this room does (fixed.Quoted). Such a reader must accept nothing that is not sound JSON, and
// says with Take how many bytes it used; where it uses none, the general methods are still there to tell why.
func (c *Cursor) Ahead() []byte {
	if c.fault != faultNone || !c.value() {
		return nil
	}
	return c.data[c.at:]
}

// Take steps over n bytes of what Ahead returned.
//
// Panics: past the end of the message.
func (c *Cursor) Take(n int) {
	if n < 0 || n > len(c.data)-c.at {
		panic("scan: more taken than there is")
	}
	c.at += n
}

// Refuse latches a fault that the caller found.
func (c *Cursor) Refuse(fault Fault) {
	if c.fault == faultNone {
		c.stop(fault)
	}
}

// value steps over white space to the byte that must follow.
func (c *Cursor) value() bool {
	if c.at < len(c.data) && c.data[c.at] > ' ' {
		return true
	}
	c.white()
	if c.at < len(c.data) {
		return true
	}
	c.stop(ErrEnd)
	return false
}

func (c *Cursor) white() {
	for c.at < len(c.data) {
		switch c.data[c.at] {
		case ' ', '\t', '\n', '\r':
			c.at++
		default:
			return
		}
	}
}

// mismatch latches ErrKind where another sound value may stand, ErrSyntax where none can.
func (c *Cursor) mismatch() {
	fault := ErrKind
	if c.fault == faultNone && c.at < len(c.data) && kinds[c.data[c.at]] == None {
		fault = ErrSyntax
	}
	c.stop(fault)
}

func (c *Cursor) stop(fault Fault) {
	if c.fault == faultNone {
		c.fault = fault
	}
}
