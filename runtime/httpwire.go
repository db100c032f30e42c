package runtime

import (
	"errors"
	"fmt"
	"io"
	"net/url"

	"orderwire/orders"
	"orderwire/wsproto/http1"
)

// HTTP over a Wire: REST requests of the supervisor (tokens), and the cold half of a connection whose orders are HTTP
// requests. Trust and pins hold here as they do for WebSockets.

// userAgent is sent with every request: some venues refuse those without.
const userAgent = "orderwire"

// Do sends one request and waits for its response. The body lives until the next call. Only on a Wire opened with HTTP.
func (w *Wire) Do(r *orders.Request) (status int, body []byte, err error) {
	head := http1.Request{Method: r.Method, Host: w.authority, Path: r.Path, Header: []http1.Field{{Name: "User-Agent", Value: userAgent}}}
	for _, field := range r.Fields {
		head.Header = append(head.Header, http1.Field{Name: field[0], Value: field[1]})
	}
	size := len(r.Body)
	if size == 0 && r.Method == "GET" {
		size = http1.NoBody
	}
	message, err := head.AppendHead(nil, size)
	if err != nil {
		return 0, nil, err
	}
	if !w.http.Ready() {
		return 0, nil, errors.New("runtime: the HTTP connection is over: open another")
	}
	w.http.Expect(r.Method)
	if err := w.write(append(message, r.Body...)); err != nil {
		return 0, nil, err
	}
	for {
		ev, used, err := w.http.Next(w.plain)
		w.plain = w.plain[used:]
		switch {
		case err != nil:
			return 0, nil, err
		case ev.Kind == http1.EventResponse:
			return ev.Status, ev.Body, nil
		case used > 0:
			continue
		}
		if err := w.more(); err != nil {
			if !errors.Is(err, io.EOF) {
				return 0, nil, err
			}
			if ev, broken := w.http.End(); broken == nil && ev.Kind == http1.EventResponse {
				return ev.Status, ev.Body, nil
			}
			return 0, nil, fmt.Errorf("runtime: the server closed before it answered: %w", io.ErrUnexpectedEOF)
		}
	}
}

// webSocketURL is an https URL as Open wants it: the scheme only says whether there is TLS.
func webSocketURL(text string) string {
	u, err := url.Parse(text)
	if err != nil {
		return text
	}
	switch u.Scheme {
	case "https":
		u.Scheme = "wss"
	case "http":
		u.Scheme = "ws"
	}
	return u.String()
}
