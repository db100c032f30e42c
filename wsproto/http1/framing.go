package http1

import "bytes"

// noLength means that no Content-Length was there.
const noLength = -1

// framingFacts is what a head tells about where its response ends.
type framingFacts struct {
	status  int
	old     bool  // HTTP/1.0
	length  int64 // Content-Length, or noLength
	chunked bool
	close   bool // Connection: close
}

// shape is how a response's body ends.
type shape uint8

const (
	shapeInterim  shape = iota // not the final response
	shapeEmpty                 // no body
	shapeFixed                 // Content-Length
	shapeChunked               // the last chunk
	shapeUntilEnd              // the end of the stream
)

// shape decides by RFC 9112 §6.3, and refuses what RFC 9112 §11 warns of.
func (m *framingFacts) shape(noBody bool) (shape, int64, error) {
	switch {
	case m.chunked && m.length != noLength:
		return 0, 0, errBothLengths
	case m.chunked && m.old:
		return 0, 0, errOldCoding
	case m.status == 101:
		return 0, 0, errSwitching
	case m.status < 200:
		if m.chunked || m.length != noLength {
			return 0, 0, errNoBodyLength
		}
		return shapeInterim, 0, nil
	case m.status == 204:
		// Some servers announce 0 bytes here; that is forbidden too, but cannot be seen in two ways.
		if m.chunked || m.length > 0 {
			return 0, 0, errNoBodyLength
		}
		return shapeEmpty, 0, nil
	case noBody, m.status == 304, m.length == 0:
		return shapeEmpty, 0, nil
	case m.chunked:
		return shapeChunked, 0, nil
	case m.length != noLength:
		return shapeFixed, m.length, nil
	}
	return shapeUntilEnd, 0, nil
}

// readStatus reads the status line. The reason phrase is decoration; some servers leave it out with its blank.
func (m *framingFacts) readStatus(line []byte) error {
	const version = "HTTP/1.x "
	if len(line) < len(version)+3 || string(line[:7]) != version[:7] || line[8] != ' ' {
		return errStatusLine
	}
	if line[7] != '1' && line[7] != '0' {
		return errStatusLine
	}
	m.old = line[7] == '0'
	digits, reason := line[len(version):len(version)+3], line[len(version)+3:]
	status, ok := decimal(digits)
	if !ok || status < 100 || (len(reason) > 0 && reason[0] != ' ') || !isValue(reason) {
		return errStatusLine
	}
	m.status = int(status)
	return nil
}

// readField reads one header line.
func (m *framingFacts) readField(line []byte) error {
	name, value, err := splitField(line)
	if err != nil {
		return err
	}
	switch {
	case equalFold(name, "content-length"):
		return m.readLength(value)
	case equalFold(name, "transfer-encoding"):
		// A list, a second line and a parameter are all refused: any of them has been used to smuggle.
		if m.chunked || !equalFold(value, "chunked") {
			return errCoding
		}
		m.chunked = true
	case equalFold(name, "connection"):
		m.readConnection(value)
	case equalFold(name, "content-encoding"):
		if !equalFold(value, "identity") && len(value) > 0 {
			return errContentCoded
		}
	}
	return nil
}

func (m *framingFacts) readLength(value []byte) error {
	length, ok := decimal(value)
	switch {
	case !ok:
		return errLengthForm
	case m.length != noLength && m.length != length:
		return errLengthDiffer
	}
	m.length = length
	return nil
}

func (m *framingFacts) readConnection(value []byte) {
	for len(value) > 0 {
		token := value
		if comma := bytes.IndexByte(value, ','); comma >= 0 {
			token, value = value[:comma], value[comma+1:]
		} else {
			value = nil
		}
		if equalFold(trim(token), "close") {
			m.close = true
		}
	}
}

// splitField reads a header or trailer line by RFC 9112 §5: a token, a colon right behind it, a value without control
// characters, white space around it taken off.
func splitField(line []byte) (name, value []byte, err error) {
	if line[0] == ' ' || line[0] == '\t' {
		return nil, nil, errFolded
	}
	colon := bytes.IndexByte(line, ':')
	if colon < 0 || !isToken(line[:colon]) {
		return nil, nil, errFieldName
	}
	if !isValue(line[colon+1:]) {
		return nil, nil, errFieldValue
	}
	return line[:colon], trim(line[colon+1:]), nil
}
