package binance

import (
	"fmt"
	"strconv"

	"orderwire/orders"
)

// Login introduces an order connection: what to send at step, or nil when nothing is left. Each message is answered before the next is sent.
//
// With an HMAC signer the user data stream is subscribed by signature, since such keys cannot log on; with any other the
// session is logged on (Ed25519) and then subscribed, and its orders carry neither key nor signature. Without the stream
// no fill would be heard: orders are acknowledged by ACK replies only.
//
// Units:  wallNanos is venue time, ns since the Unix epoch.
// Source: binance-spot-api-docs, web-socket-api.md, "Session authentication" and "User Data Stream" (2026-07-21).
func (d *Dialect) Login(step int, wallNanos int64, signer *orders.Signer) ([]byte, error) {
	if signer == nil {
		return nil, fmt.Errorf("binance: login: no credentials")
	}
	steps := [...]string{"session.logon", "userDataStream.subscribe"}
	if signer.Signs() {
		steps = [...]string{"userDataStream.subscribe.signature", ""}
	}
	if step >= len(steps) || steps[step] == "" {
		return nil, nil
	}
	if steps[step] == "userDataStream.subscribe" {
		return fmt.Appendf(nil, `{"id":"login-%d","method":%q}`, step, steps[step]), nil
	}
	encoding := "base64"
	if signer.Signs() {
		encoding = "hex"
	}
	stamp := strconv.FormatInt(wallNanos/1e6, 10)
	signature, err := signer.SignCold([]byte("apiKey="+signer.APIKey()+"&timestamp="+stamp), encoding)
	if err != nil {
		return nil, fmt.Errorf("binance: login: %w", err)
	}
	return fmt.Appendf(nil, `{"id":"login-%d","method":%q,"params":{"apiKey":%q,"timestamp":%s,"signature":%q}}`,
		step, steps[step], signer.APIKey(), stamp, signature), nil
}
