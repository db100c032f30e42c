package simex

// uuid is a fresh version 4 UUID. The lock is held.
func (v *Venue) uuid() string {
	var raw [16]byte
	v.random(raw[:])
	raw[6], raw[8] = raw[6]&0x0F|0x40, raw[8]&0x3F|0x80
	return string(appendUUID(nil, raw))
}

func appendUUID(dst []byte, raw [16]byte) []byte {
	dst = append(appendHex(dst, raw[0:4]), '-')
	dst = append(appendHex(dst, raw[4:6]), '-')
	dst = append(appendHex(dst, raw[6:8]), '-')
	dst = append(appendHex(dst, raw[8:10]), '-')
	return appendHex(dst, raw[10:16])
}

// isUUID tells whether text is a UUID with dashes, in lower-case or upper-case hex.
func isUUID(text []byte) bool {
	if len(text) != 36 {
		return false
	}
	for i, c := range text {
		if i == 8 || i == 13 || i == 18 || i == 23 {
			if c != '-' {
				return false
			}
		} else if hexValue(c) < 0 {
			return false
		}
	}
	return true
}
