// Package scan is structural JSON: a forward cursor over one message, with full checks and no copies.
//
// A dialect walks a message once, in whatever order its keys come, takes what it knows and skips the rest:
//
//	c.Reset(message)
//	c.Object()
//	for {
//		key, more := c.Key()
//		if !more {
//			break
//		}
//		switch string(key) {
//		case "p":
//			price = c.Text()
//		default:
//			c.Skip()
//		}
//	}
//	if err := c.End(); err != nil { ... } // nothing read above may be used before this
//
// The first fault latches: from then on every method answers its zero value, Key and More end their loops,
// and End returns the Fault. So the walk needs no error check in between, and terminates on any input.
//
// What is checked, also inside skipped values: the grammar of RFC 8259 exactly (strings with their escapes,
// numbers, literals, commas, nesting, white space, nothing after the message), valid UTF-8, at most MaxDepth
// open containers. So a message that ends with End() == nil is one that encoding/json calls valid.
//
// What is not done here: escapes are checked but not decoded. A key with an escape is returned as it is
// written, so that it equals no known key and its value is skipped; Text refuses a string with an escape,
// since symbols, ids and numbers have none; Raw returns it as it is written. Duplicate keys are the caller's
// business, because only it knows which fields matter: the dialects refuse a known field that comes twice.
//
// The cursor borrows the message: spans alias it and live as long as it. It owns nothing, and a zero Cursor
// is ready for Reset. It allocates nothing.
//
// Start reading at Cursor.
package scan
