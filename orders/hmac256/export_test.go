package hmac256

// Rows are the names of all kernels, and what each lacks here ("" where it is available).
func Rows() map[string]string {
	rows := map[string]string{}
	for i := range kernels {
		rows[kernels[i].name] = ""
		if !kernels[i].available {
			rows[kernels[i].name] = kernels[i].missing
		}
	}
	return rows
}

// NewKeyOn is NewKey on a named kernel.
func NewKeyOn(row string, secret []byte) *Key {
	for i := range kernels {
		if kernels[i].name == row {
			key := NewKey(secret)
			key.kernel = &kernels[i]
			return key
		}
	}
	panic("hmac256: no kernel " + row)
}

// Empty tells whether nothing of a key is left in p.
func (p *Prefix) Empty() bool {
	return p.inner == state{} && p.outer == state{} && p.sum == [Size]byte{} && p.hex == [HexSize]byte{} &&
		p.work.last == [2 * BlockSize]byte{} && p.work.image == [stateBytes]byte{}
}
