package wsproto

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// printable makes foreign bytes fit for a log line: at most max bytes, valid UTF-8, all that does not print as '?', and
// runs of white space as one blank.
func printable(b []byte, max int) string {
	var out strings.Builder
	blank := false
	for len(b) > 0 {
		letter, width := utf8.DecodeRune(b)
		b = b[width:]
		if unicode.IsSpace(letter) {
			blank = out.Len() > 0
			continue
		}
		if !unicode.IsPrint(letter) || letter == utf8.RuneError {
			letter = '?'
		}
		need := utf8.RuneLen(letter)
		if blank {
			need++
		}
		if out.Len()+need > max {
			break
		}
		if blank {
			out.WriteByte(' ')
			blank = false
		}
		out.WriteRune(letter)
	}
	return out.String()
}
