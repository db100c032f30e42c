package simex_test

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"orderwire/bench/simex"
)

// vector is one entry of the project's signing vectors.
type vector struct {
	ID        string
	Key       string
	APIKey    string `json:"api_key"`
	Payload   string `json:"payload_utf8"`
	Signature string
	Seed      string `json:"key_seed_hex"`
	Path      string
	PostData  string `json:"post_data"`
	Token     string
	Query     string
	Body      string
	Request   json.RawMessage
}

// TestDocumentedVectorsPassTheExaminer plays each published request to the examiner at its own time: none may count as a
// fault, and a changed signature must.
func TestDocumentedVectorsPassTheExaminer(t *testing.T) {
	shared := os.Getenv("ORDERWIRE_SHARED")
	if shared == "" {
		t.Skip("ORDERWIRE_SHARED is not set: the vectors are elsewhere")
	}
	text, err := os.ReadFile(filepath.Join(shared, "exchanges", "vectors.json"))
	if err != nil {
		t.Fatal(err)
	}
	var file struct{ Vectors []vector }
	if err := json.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	played := 0
	for _, v := range file.Vectors {
		play, ok := players[v.ID]
		if !ok {
			continue
		}
		played++
		t.Run(v.ID, func(t *testing.T) {
			venue, answer := play(t, &v)
			if counts := venue.Counts(); counts.Bad() != 0 {
				t.Errorf("%q counted as a fault: %v", answer, counts.Violations())
			}
			spoilt := v
			spoilt.Signature = spoil(v.Signature)
			spoilt.Token = spoil(v.Token)
			spoilt.Request = json.RawMessage(strings.ReplaceAll(string(v.Request), v.Signature, spoilt.Signature))
			venue, answer = play(t, &spoilt)
			if counts := venue.Counts(); counts.BadSignatures != 1 || counts.Bad() != 1 {
				t.Errorf("a changed signature got %q and counted %v", answer, counts.Violations())
			}
		})
	}
	if played != len(players) {
		t.Errorf("%d of %d vectors were played", played, len(players))
	}
}

// spoil changes the first character of a signature, or the first of a token's third part.
func spoil(text string) string {
	if text == "" {
		return ""
	}
	at := strings.LastIndexByte(text, '.') + 1
	other := byte('0')
	if text[at] == other {
		other = '1'
	}
	return text[:at] + string(other) + text[at+1:]
}

func btc(symbol, tick, step string) []simex.Instrument {
	return []simex.Instrument{{Symbol: symbol, Tick: tick, Step: step}}
}

// ask sends raw HTTP and returns what came back.
func ask(v *simex.Venue, now int64, raw string) string {
	c := v.Accept(now)
	c.Feed(now, []byte(raw))
	return string(c.Output(now, nil))
}

// say sends one text message behind an upgrade.
func say(t *testing.T, v *simex.Venue, now int64, path, message string) string {
	t.Helper()
	c := &tester{t: t, v: v, now: now}
	c.dial(path)
	c.take()
	c.text(message)
	return strings.Join(c.take(), "\n")
}

func binanceREST(kind, path string, at int64, instruments []simex.Instrument) func(*testing.T, *vector) (*simex.Venue, string) {
	return func(t *testing.T, v *vector) (*simex.Venue, string) {
		t.Helper()
		venue := newVenue(t, simex.Config{Kind: kind, Keys: []simex.Key{{ID: v.APIKey, Secret: v.Key}}, Instruments: instruments})
		if v.APIKey == "" {
			t.Fatal("the vector has no API key")
		}
		query, body := v.Payload, ""
		if v.Query != "" {
			query, body = v.Query, v.Body+"&signature="+v.Signature
		} else {
			query += "&signature=" + v.Signature
		}
		return venue, ask(venue, at*1e6, fmt.Sprintf("POST %s?%s HTTP/1.1\r\nHost: x\r\nX-MBX-APIKEY: %s\r\nContent-Length: %d\r\n\r\n%s", path, query, v.APIKey, len(body), body))
	}
}

var players = map[string]func(*testing.T, *vector) (*simex.Venue, string){
	"binance-rest-hmac-ascii":           binanceREST("binance", "/api/v3/order", 1499827319559, btc("LTCBTC", "0.1", "1")),
	"binance-rest-hmac-percent-encoded": binanceREST("binance", "/api/v3/order", 1499827319559, btc("１２３４５６", "0.1", "1")),
	"binance-rest-hmac-query-plus-body": binanceREST("binance", "/api/v3/order", 1499827319559, btc("LTCBTC", "0.1", "1")),
	"binance-fapi-rest-hmac":            binanceREST("binance-usdm", "/fapi/v1/order", 1591702613943, btc("BTCUSDT", "0.1", "0.001")),
	"binance-wsapi-hmac-ascii": func(t *testing.T, v *vector) (*simex.Venue, string) {
		t.Helper()
		venue := newVenue(t, simex.Config{Keys: []simex.Key{{ID: v.APIKey, Secret: v.Key}}})
		return venue, say(t, venue, 1645423376532*1e6, "/ws-api/v3", string(v.Request))
	},
	"binance-wsapi-hmac-unicode": func(t *testing.T, v *vector) (*simex.Venue, string) {
		t.Helper()
		venue := newVenue(t, simex.Config{Keys: []simex.Key{{ID: v.APIKey, Secret: v.Key}}, Instruments: btc("１２３４５６", "0.1", "1")})
		var fields []string
		for pair := range strings.SplitSeq(v.Payload+"&signature="+v.Signature, "&") {
			name, value, _ := strings.Cut(pair, "=")
			if name != "timestamp" && name != "recvWindow" {
				value = `"` + value + `"`
			}
			fields = append(fields, `"`+name+`":`+value)
		}
		return venue, say(t, venue, 1645423376532*1e6, "/ws-api/v3", `{"id":1,"method":"order.place","params":{`+strings.Join(fields, ",")+"}}")
	},
	"derived-binance-wsapi-session-logon-ed25519": func(t *testing.T, v *vector) (*simex.Venue, string) {
		t.Helper()
		seed, err := hex.DecodeString(v.Seed)
		if err != nil {
			t.Fatal(err)
		}
		public := ed25519.NewKeyFromSeed(seed).Public().(ed25519.PublicKey) //nolint:forcetypeassert // by the package's contract
		venue := newVenue(t, simex.Config{Keys: []simex.Key{{ID: "4yNzx3yWC5bS6YTwEkSRaC0nRmSQIIStAUOh1b6kqaBrTLIhjCpI5lJH8q8R8WNO", Ed25519: public}}})
		return venue, say(t, venue, 1649729878532*1e6, "/ws-api/v3", string(v.Request))
	},
	"derived-kraken-getwebsocketstoken": func(t *testing.T, v *vector) (*simex.Venue, string) {
		t.Helper()
		venue := newVenue(t, simex.Config{Kind: "kraken", Keys: []simex.Key{{ID: testKey, Secret: v.Key}}})
		return venue, ask(venue, fuzzNow, fmt.Sprintf("POST %s HTTP/1.1\r\nHost: x\r\nUser-Agent: test\r\nAPI-Key: %s\r\nAPI-Sign: %s\r\nContent-Length: %d\r\n\r\n%s", v.Path, testKey, v.Signature, len(v.PostData), v.PostData))
	},
	"thirdparty-bybit-v5-ws-auth": func(t *testing.T, v *vector) (*simex.Venue, string) {
		t.Helper()
		venue := newVenue(t, simex.Config{Kind: "bybit", Keys: []simex.Key{{ID: "test_api_key", Secret: v.Key}}})
		return venue, say(t, venue, 1699999999000*1e6, "/v5/private", `{"op":"auth","args":["test_api_key",1700000000000,"`+v.Signature+`"]}`)
	},
	"thirdparty-bybit-v5-rest-get":  bybitREST("GET", "/v5/order/realtime?category=linear&symbol=BTCUSDT", ""),
	"thirdparty-bybit-v5-rest-post": bybitREST("POST", "/v5/order/cancel", `{"category": "linear", "symbol": "BTCUSDT", "orderLinkId": "test-order-1"}`),
	"derived-coinbase-exchange-rest-post-order": func(t *testing.T, v *vector) (*simex.Venue, string) {
		t.Helper()
		_, body, _ := strings.Cut(v.Payload, "/orders")
		return coinbaseVector(t, v, "POST", "/orders", body)
	},
	"derived-coinbase-exchange-rest-get": func(t *testing.T, v *vector) (*simex.Venue, string) {
		t.Helper()
		return coinbaseVector(t, v, "GET", "/orders?status=open", "")
	},
	"derived-coinbase-exchange-ws-auth": func(t *testing.T, v *vector) (*simex.Venue, string) {
		t.Helper()
		venue := newVenue(t, simex.Config{Kind: "coinbase", Keys: []simex.Key{{ID: testKey, Secret: v.Key, Passphrase: "p"}}})
		return venue, say(t, venue, 1700000000*1e9, "/", `{"type":"subscribe","product_ids":["BTC-USD"],"channels":["user"],"key":"`+testKey+`","passphrase":"p","timestamp":"1700000000","signature":"`+v.Signature+`"}`)
	},
	"derived-coinbase-advanced-jwt-es256": func(t *testing.T, v *vector) (*simex.Venue, string) {
		t.Helper()
		block, _ := pem.Decode([]byte(v.Key))
		key, err := x509.ParseECPrivateKey(block.Bytes)
		if err != nil {
			t.Fatal(err)
		}
		return advancedVector(t, v, simex.Key{ECDSA: &simex.ES256Key{Public: key.Public().(*ecdsa.PublicKey)}}) //nolint:forcetypeassert // by the package's contract
	},
	"derived-coinbase-advanced-jwt-eddsa": func(t *testing.T, v *vector) (*simex.Venue, string) {
		t.Helper()
		seed, err := base64.StdEncoding.DecodeString(v.Key)
		if err != nil {
			t.Fatal(err)
		}
		return advancedVector(t, v, simex.Key{Ed25519: ed25519.NewKeyFromSeed(seed[:32]).Public().(ed25519.PublicKey)}) //nolint:forcetypeassert // by the package's contract
	},
}

func bybitREST(method, target, body string) func(*testing.T, *vector) (*simex.Venue, string) {
	return func(t *testing.T, v *vector) (*simex.Venue, string) {
		t.Helper()
		venue := newVenue(t, simex.Config{Kind: "bybit", Keys: []simex.Key{{ID: "test_api_key", Secret: v.Key}}})
		return venue, ask(venue, 1700000000000*1e6, fmt.Sprintf("%s %s HTTP/1.1\r\nHost: x\r\nX-BAPI-API-KEY: test_api_key\r\nX-BAPI-TIMESTAMP: 1700000000000\r\nX-BAPI-RECV-WINDOW: 5000\r\nX-BAPI-SIGN: %s\r\nContent-Length: %d\r\n\r\n%s", method, target, v.Signature, len(body), body))
	}
}

func coinbaseVector(t *testing.T, v *vector, method, target, body string) (*simex.Venue, string) {
	t.Helper()
	venue := newVenue(t, simex.Config{Kind: "coinbase", Keys: []simex.Key{{ID: testKey, Secret: v.Key, Passphrase: "p"}}})
	return venue, ask(venue, 1700000000*1e9, fmt.Sprintf("%s %s HTTP/1.1\r\nHost: x\r\nUser-Agent: test\r\nCB-ACCESS-KEY: %s\r\nCB-ACCESS-PASSPHRASE: p\r\nCB-ACCESS-TIMESTAMP: 1700000000\r\nCB-ACCESS-SIGN: %s\r\nContent-Length: %d\r\n\r\n%s", method, target, testKey, v.Signature, len(body), body))
}

func advancedVector(t *testing.T, v *vector, key simex.Key) (*simex.Venue, string) {
	t.Helper()
	key.ID = "organizations/test-organization/apiKeys/test-api-key"
	venue := newVenue(t, simex.Config{Kind: "coinbase-advanced", Keys: []simex.Key{key}})
	body := `{"client_order_id":"ow-1","product_id":"BTC-USD","side":"BUY","order_configuration":{"limit_limit_gtc":{"base_size":"0.001","limit_price":"10000.00","post_only":false}}}`
	return venue, ask(venue, 1700000060*1e9, fmt.Sprintf("POST /api/v3/brokerage/orders HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\nContent-Length: %d\r\n\r\n%s", v.Token, len(body), body))
}
