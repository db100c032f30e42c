package tlsio

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"io"
)

// Labels of the NSS key log. Source: RFC 9850 (draft-ietf-tls-keylogfile).
const (
	labelClientHandshake = "CLIENT_HANDSHAKE_TRAFFIC_SECRET"
	labelServerHandshake = "SERVER_HANDSHAKE_TRAFFIC_SECRET"
	labelClientTraffic   = "CLIENT_TRAFFIC_SECRET_0"
	labelServerTraffic   = "SERVER_TRAFFIC_SECRET_0"
	labelMaster          = "CLIENT_RANDOM"

	maxSecret = 64
)

// secrets collects one connection's secrets: it is the KeyLogWriter that the library writes to.
type secrets struct {
	clientHandshake, serverHandshake []byte
	clientTraffic, serverTraffic     []byte
	master                           []byte
	copyTo                           io.Writer // the user's key log, if there is one
}

// Write takes one line of the key log.
func (s *secrets) Write(line []byte) (int, error) {
	label, _, secret, err := parseKeyLogLine(line)
	if err != nil {
		return 0, err
	}
	switch label {
	case labelClientHandshake:
		s.clientHandshake = secret
	case labelServerHandshake:
		s.serverHandshake = secret
	case labelClientTraffic:
		s.clientTraffic = secret
	case labelServerTraffic:
		s.serverTraffic = secret
	case labelMaster:
		s.master = secret
	}
	if s.copyTo != nil {
		if _, err := s.copyTo.Write(line); err != nil {
			return 0, fmt.Errorf("tlsio: key log: %w", err)
		}
	}
	return len(line), nil
}

// wipe clears the secrets. The library's own copies cannot be cleared.
func (s *secrets) wipe() {
	for _, secret := range [][]byte{s.clientHandshake, s.serverHandshake, s.clientTraffic, s.serverTraffic, s.master} {
		clear(secret)
	}
	*s = secrets{}
}

// parseKeyLogLine reads "LABEL client_random secret\n". Its errors name no byte of the line.
func parseKeyLogLine(line []byte) (label string, clientRandom, secret []byte, err error) {
	fields := bytes.Split(bytes.TrimSuffix(line, []byte("\n")), []byte(" "))
	if len(fields) != 3 || len(fields[0]) == 0 {
		return "", nil, nil, errKeyLogLine
	}
	clientRandom, err = hex.AppendDecode(nil, fields[1])
	if err != nil || len(clientRandom) != 32 {
		return "", nil, nil, errKeyLogLine
	}
	secret, err = hex.AppendDecode(nil, fields[2])
	if err != nil || len(secret) == 0 || len(secret) > maxSecret {
		clear(secret)
		return "", nil, nil, errKeyLogLine
	}
	return string(fields[0]), clientRandom, secret, nil
}
