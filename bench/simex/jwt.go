package simex

import (
	"bytes"
	"encoding/base64"
)

// jwt is one parsed and verified token of Coinbase Advanced.
type jwt struct {
	key   *apiKey
	nonce string
}

// verifyJWT checks a compact JWS and its claims. uri is what the token must be for; "" for WebSockets, where no uri
// may stand.
//
// Source: RFC 7515 §7.1, RFC 7518 §3.4; claims after coinbase-advanced-py at commit 54fb8ed3, jwt_generator.py.
func (v *Venue) verifyJWT(now int64, token []byte, uris ...string) (*jwt, *refusal) {
	bad := &refusal{cBadSignatures, 401, 0, "Unauthorized", 0}
	parts := bytes.Split(token, []byte("."))
	if len(parts) != 3 {
		return nil, bad
	}
	var raw [3][]byte
	for i, part := range parts {
		decoded, err := base64.RawURLEncoding.Strict().DecodeString(string(part))
		if err != nil {
			return nil, bad
		}
		raw[i] = decoded
	}
	var head, claims document
	if head.parse(raw[0]) != nil || claims.parse(raw[1]) != nil || head.kind(0) != jsonObject || claims.kind(0) != jsonObject {
		return nil, bad
	}
	name := head.member("kid")
	key := v.keys[name]
	if key == nil {
		return nil, &refusal{cBadKeys, 401, 0, "Unauthorized", 0}
	}
	signed := token[:len(parts[0])+1+len(parts[1])]
	switch alg := head.member("alg"); {
	case alg == "ES256" && key.ECDSA != nil && key.ECDSA.verify(signed, raw[2]):
	case alg == "EdDSA" && key.Ed25519 != nil && key.verifyEd25519(signed, raw[2]):
	default:
		return nil, bad
	}
	nonce := head.member("nonce")
	if head.member("typ") != "JWT" || nonce == "" || claims.member("sub") != name || claims.member("iss") != "cdp" || !claims.meant(uris) {
		return nil, bad
	}
	from, to := integerOf(&claims, claims.find(0, "nbf")), integerOf(&claims, claims.find(0, "exp"))
	if server := v.clock(now) / 1e9; from == 0 || from > server || to <= server || to-from > 120 {
		return nil, &refusal{cBadWindow, 401, 0, "Unauthorized", 0}
	}
	return &jwt{key: key, nonce: nonce}, nil
}

// member is a string member's text of the outermost object, or "".
func (d *document) member(name string) string {
	at := d.find(0, name)
	if d.kind(at) != jsonString {
		return ""
	}
	return string(d.str(at))
}

// meant tells whether the uri claim is one of those allowed; with none allowed it must be absent.
func (d *document) meant(uris []string) bool {
	if len(uris) == 0 {
		return d.find(0, "uri") < 0
	}
	for _, uri := range uris {
		if d.member("uri") == uri {
			return true
		}
	}
	return false
}
