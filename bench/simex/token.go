package simex

// token is what a venue hands out to stand for a key on a stream: Binance's listen key, Kraken's WebSocket token.
type token struct {
	account *account
	key     *apiKey
	expires int64
	revoked bool  // by script
	held    *Conn // a private subscription made with it keeps it alive, where the venue says so
}

// issue makes a token of n random bytes in hex. The lock is held.
func (v *Venue) issue(key *apiKey, n int, expires int64) string {
	raw := make([]byte, n)
	v.random(raw)
	text := string(appendHex(nil, raw))
	v.tokens[text] = &token{account: key.account, key: key, expires: expires}
	return text
}

// redeem finds a token that still holds; nil when there is none. The lock is held.
func (v *Venue) redeem(now int64, text []byte) *token {
	t := v.tokens[string(text)]
	if t == nil || now >= t.expires && t.held == nil {
		return nil
	}
	return t
}
