package main

import (
	"crypto/tls"
	"errors"
	"io"
	"net/http"
	"net/http/httptrace"
	"strings"
)

// httpClient posts each order over one warm keep-alive connection: the traditional way. Its push returns when the request
// was written, and the answer is awaited by another goroutine, as net/http does it.
type httpClient struct {
	t       *target
	client  *http.Client
	answers chan httpAnswer
	name    string
}

type httpAnswer struct {
	ack ack
	err error
}

func newNetHTTP(t *target) (client, error) {
	config, err := t.tlsConfig()
	if err != nil {
		return nil, err
	}
	c := &httpClient{
		t: t, answers: make(chan httpAnswer, 4096),
		client: &http.Client{Transport: &http.Transport{TLSClientConfig: config, MaxConnsPerHost: 1, MaxIdleConnsPerHost: 1}},
	}
	reply, err := c.client.Get("https://" + t.address() + "/api/v3/ping")
	if err != nil {
		return nil, err
	}
	_, err = io.Copy(io.Discard, reply.Body)
	if reply.TLS != nil {
		c.name = suiteName(reply.TLS.CipherSuite)
	}
	return c, errors.Join(err, reply.Body.Close())
}

// push returns when the whole request was handed to the connection.
func (c *httpClient) push(id uint64, price, qty int64) error {
	written := make(chan error, 1)
	request, err := http.NewRequest(http.MethodPost, "https://"+c.t.address()+"/api/v3/order", strings.NewReader(query(c.t, id, price, qty)))
	if err != nil {
		return err
	}
	request.Header.Set("X-MBX-APIKEY", c.t.key)
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	trace := &httptrace.ClientTrace{WroteRequest: func(info httptrace.WroteRequestInfo) { written <- info.Err }}
	request = request.WithContext(httptrace.WithClientTrace(request.Context(), trace))
	go func() {
		reply, err := c.client.Do(request)
		if err != nil {
			c.answers <- httpAnswer{err: err}
			return
		}
		body, err := io.ReadAll(reply.Body)
		a := httpAnswer{err: errors.Join(err, reply.Body.Close())}
		a.ack.status = reply.StatusCode
		a.ack.rx = numberAfter(body, `"rx":`)
		c.answers <- a
	}()
	return <-written
}

func (c *httpClient) answer() (ack, error) {
	a := <-c.answers
	return a.ack, a.err
}

func (c *httpClient) suite() string { return c.name }

func suiteName(id uint16) string { return tls.CipherSuiteName(id) }
