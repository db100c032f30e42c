package orders

import "fmt"

// RejectError is a venue's refusal as an error, for the control plane.
type RejectError struct {
	Venue string
	Code  int
	Text  string // the venue's words
}

// Error names venue and code. The text is the venue's: it is quoted, so that no control character gets through.
func (e *RejectError) Error() string {
	return fmt.Sprintf("orders: %s refused with code %d: %.200q", e.Venue, e.Code, e.Text)
}
