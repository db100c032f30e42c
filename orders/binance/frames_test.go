package binance_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
)

// frame is one example of the documentation.
type frame struct {
	Exchange  string          `json:"exchange"`
	Name      string          `json:"name"`
	Direction string          `json:"direction"`
	Frame     json.RawMessage `json:"frame"`
}

func documented(t testing.TB) []frame {
	t.Helper()
	text, err := os.ReadFile("testdata/docs/frames.json")
	if err != nil {
		t.Fatal(err)
	}
	var frames []frame
	if err := json.Unmarshal(text, &frames); err != nil {
		t.Fatal(err)
	}
	return frames
}

// example is the documentation's frame of that name.
func example(t testing.TB, name string) []byte {
	t.Helper()
	for _, f := range documented(t) {
		if f.Name == name {
			return f.Frame
		}
	}
	t.Fatalf("testdata/docs/frames.json has no frame %q", name)
	return nil
}

func recorded(t testing.TB, name string) [][]byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata/hftbacktest", name))
	if err != nil {
		t.Fatal(err)
	}
	return bytes.Split(bytes.TrimSpace(text), []byte("\n"))
}

// recording calls each with the frames of a whole recording, which lies outside the repository.
func recording(t *testing.T, name string, each func(frame []byte)) {
	t.Helper()
	root := os.Getenv("ORDERWIRE_SHARED")
	if root == "" {
		t.Skipf("recording %s: ORDERWIRE_SHARED is not set", name)
	}
	file, err := os.Open(filepath.Join(root, "market-data", name))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	text, err := gzip.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(text)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		_, message, found := bytes.Cut(lines.Bytes(), []byte(" "))
		if !found {
			t.Fatalf("%s: a line without a receive time", name)
		}
		each(message)
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
}
