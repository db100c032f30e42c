package fixed

// Append writes n with all its decimals behind dst. It reads back as the same Number.
func Append(dst []byte, n Number) []byte {
	if n.Mantissa < 0 {
		dst = append(dst, '-')
	}
	var text [20]byte // 19 digits of an int64, and one in front of the dot
	at := len(text)
	rest := magnitude(n.Mantissa)
	for decimals := n.Scale; ; {
		at--
		text[at] = byte('0' + rest%10)
		rest /= 10
		if decimals == 0 {
			if rest == 0 {
				break
			}
			continue
		}
		decimals--
	}
	whole := len(text) - int(n.Scale)
	dst = append(dst, text[at:whole]...)
	if n.Scale == 0 {
		return dst
	}
	dst = append(dst, '.')
	return append(dst, text[whole:]...)
}

// AppendFixed writes n with exactly scale decimals behind dst. ok is false, and dst is as it was, where
// that would not be exact.
func AppendFixed(dst []byte, n Number, scale uint8) (text []byte, ok bool) {
	n, ok = n.Rescale(scale)
	if !ok {
		return dst, false
	}
	return Append(dst, n), true
}

// String is n as Append writes it.
func (n Number) String() string {
	var text [24]byte
	return string(Append(text[:0], n))
}
