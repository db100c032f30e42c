package http1

// stepChunked reads a chunk line, the CR LF behind a chunk's data, or a trailer line.
func (r *Reader) stepChunked(in []byte) (n int, done bool, err error) {
	limit := r.lineLimit()
	r.line, n = gather(r.line, in, limit)
	if n == 0 || r.line[len(r.line)-1] != '\n' {
		if len(r.line) < limit {
			return n, false, nil
		}
		return 0, false, r.lineOver()
	}
	line, err := chomp(r.line)
	if err != nil {
		return 0, false, err
	}
	size := len(r.line)
	r.line = r.line[:0]
	switch r.state {
	case chunkLine:
		return n, false, r.readChunkLine(line)
	case chunkEnd:
		if len(line) != 0 {
			return 0, false, errChunkEnd
		}
		r.state = chunkLine
		return n, false, nil
	}
	r.trailSum += size
	if len(line) == 0 {
		return n, true, nil
	}
	return n, false, checkTrailer(line)
}

// lineLimit is how long the line at hand may be, its end included.
func (r *Reader) lineLimit() int {
	switch r.state {
	case chunkLine:
		return maxChunkLine
	case chunkEnd:
		return 2
	}
	return r.maxHead - r.trailSum
}

// lineOver is the error of a line that has no end where it must.
func (r *Reader) lineOver() error {
	switch r.state {
	case chunkLine:
		return &LimitError{"chunk line", maxChunkLine}
	case chunkEnd:
		return errChunkEnd
	}
	return &LimitError{"trailer", r.maxHead}
}

// readChunkLine reads a chunk's size and makes sure that the chunk fits. Its extensions are checked for form and forgotten.
func (r *Reader) readChunkLine(line []byte) error {
	size, digits := int64(0), 0
	for ; digits < len(line); digits++ {
		value, ok := hexDigit(line[digits])
		if !ok {
			break
		}
		size = size<<4 | value
		if size > int64(r.maxBody-len(r.body)) {
			return &LimitError{"body", r.maxBody}
		}
	}
	if digits == 0 {
		return errChunkSize
	}
	if ext := line[digits:]; len(ext) > 0 {
		// RFC 9112 §7.1.1 tolerates a blank before the semicolon as a thing of the past; net/http refuses it too.
		if ext[0] != ';' {
			return errChunkSize
		}
		if !isValue(ext) {
			return errChunkExt
		}
		if r.extSum += len(ext); r.extSum > r.maxChunkExt {
			return &LimitError{"chunk extensions", r.maxChunkExt}
		}
	}
	r.state, r.left = chunkData, int(size)
	if size == 0 {
		r.state = trailer
	}
	return nil
}

// checkTrailer checks a trailer line. Trailers are not merged into the header; those that would frame a message are refused.
func checkTrailer(line []byte) error {
	name, _, err := splitField(line)
	if err != nil {
		return err
	}
	for _, forbidden := range []string{"content-length", "transfer-encoding", "connection", "content-encoding", "host", "trailer"} {
		if equalFold(name, forbidden) {
			return errTrailer
		}
	}
	return nil
}
