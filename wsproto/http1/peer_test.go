package http1_test

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"orderwire/wsproto/http1"
)

// venue is the standard library's server with an answer of each shape.
func venue() http.Handler {
	routes := http.NewServeMux()
	routes.HandleFunc("POST /orders", func(w http.ResponseWriter, request *http.Request) {
		body, err := io.ReadAll(request.Body)
		w.Header().Set("X-Weight", "7")
		fmt.Fprintf(w, "%s got %q %v", request.Header.Get("X-Sign"), body, err)
	})
	routes.HandleFunc("/chunks", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Trailer", "X-Sum")
		for i := range 5 {
			fmt.Fprintf(w, "piece %d;", i)
			w.(http.Flusher).Flush()
		}
		w.Header().Set("X-Sum", "5")
	})
	routes.HandleFunc("/hints", func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusEarlyHints)
		w.WriteHeader(http.StatusProcessing)
		w.WriteHeader(http.StatusTeapot)
	})
	routes.HandleFunc("/nothing", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	routes.HandleFunc("/same", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotModified) })
	routes.HandleFunc("/last", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Connection", "close")
		http.Error(w, "going down", http.StatusServiceUnavailable)
	})
	return routes
}

// TestAgainstNetHTTP sends one request of each kind over one connection, read through a buffer of 7 bytes.
func TestAgainstNetHTTP(t *testing.T) {
	server := httptest.NewServer(venue())
	t.Cleanup(server.Close)
	host := server.Listener.Addr().String()
	conn, err := net.Dial("tcp", host)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() }) // the server has closed its end before
	reader := http1.NewReader(http1.Config{})
	for _, c := range []struct {
		method, path, body string
		want               answer
	}{
		{"POST", "/orders", "one", answer{200, `sig got "one" <nil>`, false}},
		{"POST", "/orders", strings.Repeat("x", 3000), answer{200, fmt.Sprintf(`sig got "%s" <nil>`, strings.Repeat("x", 3000)), false}},
		{"GET", "/chunks", "", answer{200, "piece 0;piece 1;piece 2;piece 3;piece 4;", false}},
		{"HEAD", "/chunks", "", answer{200, "", false}},
		{"GET", "/hints", "", answer{418, "", false}},
		{"GET", "/nothing", "", answer{204, "", false}},
		{"GET", "/same", "", answer{304, "", false}},
		{"GET", "/missing", "", answer{404, "404 page not found\n", false}},
		{"GET", "/last", "", answer{503, "going down\n", true}},
	} {
		size := http1.NoBody
		if c.method == "POST" {
			size = len(c.body)
		}
		request := http1.Request{Method: c.method, Host: host, Path: c.path, Header: []http1.Field{{"X-Sign", "sig"}}}
		raw, err := request.AppendHead(nil, size)
		if err != nil {
			t.Fatal(err)
		}
		reader.Expect(c.method)
		if _, err := conn.Write(append(raw, c.body...)); err != nil {
			t.Fatal(err)
		}
		got, err := awaitAnswer(conn, reader)
		if err != nil || got != c.want {
			t.Fatalf("%s %s: %+v, %v, want %+v", c.method, c.path, got, err, c.want)
		}
	}
	if rest, err := io.ReadAll(conn); len(rest) != 0 || err != nil || reader.Ready() {
		t.Errorf("behind the close: %q, %v", rest, err)
	}
	if ev, err := reader.End(); err != nil || ev.Kind != http1.EventNone {
		t.Errorf("end: %+v, %v", ev, err)
	}
}

func awaitAnswer(conn net.Conn, reader *http1.Reader) (answer, error) {
	var buf [7]byte
	for {
		n, err := conn.Read(buf[:])
		if err != nil {
			return answer{}, err
		}
		ev, used, err := reader.Next(buf[:n])
		if err != nil {
			return answer{}, err
		}
		if used != n {
			return answer{}, fmt.Errorf("used %d of %d bytes", used, n)
		}
		if ev.Kind == http1.EventResponse {
			return answer{ev.Status, string(ev.Body), ev.Close}, nil
		}
	}
}
