package runtime

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"

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
	return w.raw(r.Method, append(message, r.Body...))
}

// raw sends a whole request as it stands and waits for its response.
func (w *Wire) raw(method string, request []byte) (status int, body []byte, err error) {
	if !w.http.Ready() {
		return 0, nil, errors.New("runtime: the HTTP connection is over: open another")
	}
	w.http.Expect(method)
	if err := w.write(request); err != nil {
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

// StatusError is an answer by REST that is no success. What the venue wrote may be long, and is not ours: it is left out.
type StatusError struct {
	Path   string // without its query
	Status int
}

func (e *StatusError) Error() string {
	return fmt.Sprintf("runtime: %s was answered with status %d", e.Path, e.Status)
}

// rest sends one request on a connection of its own and returns the body of its answer. Control plane.
func (e *Engine) rest(ctx context.Context, r *orders.Request) ([]byte, error) {
	w, err := e.openREST(ctx)
	if err != nil {
		return nil, err
	}
	status, body, err := w.Do(r)
	if err = errors.Join(err, w.Close()); err != nil {
		return nil, err
	}
	if status != 200 {
		path, _, _ := strings.Cut(r.Path, "?")
		return nil, &StatusError{Path: path, Status: status}
	}
	return body, nil
}

// openREST connects to where REST requests go: Config.REST, or where orders go.
func (e *Engine) openREST(ctx context.Context) (*Wire, error) {
	endpoint := e.plan.REST
	if endpoint.URL == "" {
		endpoint = e.plan.Orders
	}
	if endpoint.TLS.Sessions == nil {
		endpoint.TLS.Sessions = e.plan.Sessions
	}
	return Open(ctx, WireConfig{
		URL: webSocketURL(endpoint.URL), TLS: endpoint.TLS, HTTP: true, Network: e.plan.Network, Rand: e.plan.Rand,
	})
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
