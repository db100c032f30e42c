package tlsio

import (
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
)

// keyLogVariable is where every TLS tool looks for the file's name.
const keyLogVariable = "SSLKEYLOGFILE"

// ErrKeyLogLive: a key log is never written in live mode.
var ErrKeyLogLive = errors.New("tlsio: SSLKEYLOGFILE is set in live mode: whoever reads that file can forge orders; unset it")

// OpenKeyLog opens the key log that SSLKEYLOGFILE names, for Config.KeyLog. Without the explicit option allowed it opens nothing,
// whatever the environment says, and in live mode it refuses. A nil writer and a nil error mean: no key log.
func OpenKeyLog(allowed, live bool) (io.WriteCloser, error) {
	path := os.Getenv(keyLogVariable)
	switch {
	case !allowed || path == "":
		return nil, nil
	case live:
		return nil, ErrKeyLogLive
	}
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("tlsio: key log: %w", err)
	}
	return &keyLogFile{file: file}, nil
}

// keyLogFile keeps the lines of several connections whole.
type keyLogFile struct {
	mu   sync.Mutex
	file *os.File
}

func (k *keyLogFile) Write(line []byte) (int, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.file.Write(line)
}

func (k *keyLogFile) Close() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.file.Close()
}
