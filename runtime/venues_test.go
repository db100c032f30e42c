package runtime_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"orderwire/bench/simex"
	"orderwire/orders"
	"orderwire/orders/binance"
	"orderwire/orders/bybit"
	"orderwire/orders/coinbase"
	"orderwire/orders/kraken"
	"orderwire/orders/market"
	"orderwire/runtime"
	"orderwire/tlsio"
)

// venueCase is one exchange as a test trades there.
type venueCase struct {
	kind    string
	symbol  string
	qty     uint8 // decimals of a quantity
	key     simex.Key
	signer  *orders.Signer
	dialect func(host string) orders.Dialect
	pool    int
}

const hmacSecret = "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LXNlY3JldA=="

// venueOf is the case of a kind, with throw-away credentials.
func venueOf(t *testing.T, kind string) *venueCase {
	t.Helper()
	must := func(s *orders.Signer, err error) *orders.Signer {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	secret := orders.NewSecret([]byte(hmacSecret))
	v := &venueCase{kind: kind, symbol: "BTCUSDT", qty: 3, key: simex.Key{ID: "key", Secret: hmacSecret, Passphrase: "phrase"}}
	switch kind {
	case "binance":
		v.signer, v.dialect = must(orders.NewHMACSigner("key", secret)), func(string) orders.Dialect { return &binance.Dialect{} }
	case "binance-usdm":
		v.signer, v.dialect = must(orders.NewHMACSigner("key", secret)), func(string) orders.Dialect { return &binance.Dialect{Product: binance.USDM} }
	case "bybit":
		v.signer, v.dialect = must(orders.NewHMACSigner("key", secret)), func(string) orders.Dialect { return &bybit.Dialect{} }
	case "kraken":
		v.symbol, v.qty = "BTC/USD", 8
		v.signer = must(orders.NewLogonSigner("key", orders.AlgHMACSHA512, secret, "base64"))
		v.dialect = func(string) orders.Dialect { return &kraken.Dialect{} }
	case "coinbase":
		v.symbol, v.qty, v.pool = "BTC-USD", 8, 2
		v.signer = must(must(orders.NewEncodedHMACSigner("key", secret, orders.SecretBase64)).WithPassphrase(orders.NewSecret([]byte("phrase"))))
		v.dialect = func(host string) orders.Dialect { return &coinbase.Dialect{Host: host} }
	case "coinbase-advanced":
		v.symbol, v.qty, v.pool = "BTC-USD", 8, 2
		private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		der, err := x509.MarshalECPrivateKey(private)
		if err != nil {
			t.Fatal(err)
		}
		text := pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: der})
		v.key = simex.Key{ID: "key", ECDSA: &simex.ES256Key{Public: &private.PublicKey}}
		v.signer = must(orders.NewLogonSigner("key", orders.AlgES256, orders.NewSecret(text), "pem"))
		v.dialect = func(host string) orders.Dialect { return &coinbase.Dialect{API: coinbase.Advanced, Host: host} }
	default:
		t.Fatalf("no case for %q", kind)
	}
	return v
}

// tradeAt runs a burst at one venue, under a script, and returns what became of it and the exchange's truth.
func tradeAt(t *testing.T, v *venueCase, most int, script simex.Script, change func(*runtime.Config)) (*burst, simex.Counts, *sessions) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 60*time.Second)
	defer cancel()
	exchange, err := simex.Serve(ctx, simex.ServeConfig{Venue: simex.Config{Kind: v.kind, Keys: []simex.Key{v.key}, Script: script}})
	if err != nil {
		t.Fatal(err)
	}
	defer exchange.Close()
	b := &burst{most: most, ended: map[uint64]orders.Receipt{}, first: map[uint64]orders.State{}, stop: cancel}
	seen := &sessions{}
	config := v.config(exchange)
	config.Strategy, config.Observer = b, seen
	if change != nil {
		change(&config)
	}
	engine, err := runtime.New(config)
	if err != nil {
		t.Fatal(err)
	}
	if err := engine.Run(ctx); err != nil {
		t.Fatal(err)
	}
	return b, exchange.Counts(), seen
}

// config is all but the strategy.
func (v *venueCase) config(exchange *simex.Server) runtime.Config {
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(exchange.CA())
	end := runtime.Endpoint{URL: "wss://" + exchange.Addr(), TLS: tlsio.Config{Trust: tlsio.Trust{Roots: roots}}}
	return runtime.Config{
		Dialect: v.dialect(exchange.Addr()), Signer: v.signer, IDs: orders.IDSpace{Prefix: "rc"}, CPU: -1,
		Orders: end, REST: end, Standbys: v.pool, Symbols: []string{v.symbol},
		Armed: []orders.Spec{{
			Symbol: v.symbol, Side: market.Buy, Type: orders.Limit, TIF: orders.IOC, PriceScale: 2, QtyScale: v.qty, WindowMillis: 500,
		}},
		BackoffMin: 10 * time.Millisecond, RehearseEvery: -1,
	}
}

// faultless fails the test where the exchange has seen anything wrong.
func faultless(t *testing.T, counts *simex.Counts) {
	t.Helper()
	for name, n := range map[string]uint64{
		"bad signatures": counts.BadSignatures, "bad keys": counts.BadKeys, "bad frames": counts.BadFrames, "bad JSON": counts.BadJSON,
		"bad ids": counts.BadIDs, "bad windows": counts.BadWindow, "bad nonces": counts.BadNonce, "bad parameters": counts.BadParams,
		"bad HTTP": counts.BadHTTP, "bad pongs": counts.BadPong, "bad numbers": counts.BadNumbers, "over the limit": counts.OverLimit, "unexpected": counts.Unexpected,
		"duplicates": counts.Duplicates,
	} {
		if n != 0 {
			t.Errorf("the exchange counts %s: %d", name, n)
		}
	}
}

var kinds = []string{"binance", "binance-usdm", "bybit", "kraken", "coinbase", "coinbase-advanced"}

// Every venue hears of its fills, wherever it tells them.
func TestVenuesHearTheirFills(t *testing.T) {
	for _, kind := range kinds {
		t.Run(kind, func(t *testing.T) {
			b, counts, seen := tradeAt(t, venueOf(t, kind), 20, nil, nil)
			if counts.Filled != 20 || len(b.ended) != 20 {
				t.Errorf("%d orders ended, the exchange filled %d (%v)", len(b.ended), counts.Filled, seen.ends)
			}
			for id, r := range b.ended {
				if r.State != orders.Filled {
					t.Errorf("order %d ended as %s", id, r.State)
				}
			}
			faultless(t, &counts)
		})
	}
}

// restless makes tokens that do not last.
type restless struct {
	*coinbase.Dialect
	made *atomic.Int64
}

func (d restless) OrderToken(nonce string, wallNanos int64, signer *orders.Signer) (orders.Secret, time.Duration, error) {
	token, _, err := d.Dialect.OrderToken(nonce, wallNanos, signer)
	d.made.Add(1)
	return token, 20 * time.Millisecond, err
}

// Tokens are renewed while the sessions that use them live, and no order is lost or refused over it.
func TestTokensAreRenewedUnderWay(t *testing.T) {
	var made atomic.Int64
	v := venueOf(t, "coinbase-advanced")
	plain := v.dialect
	v.dialect = func(host string) orders.Dialect {
		return restless{plain(host).(*coinbase.Dialect), &made} //nolint:forcetypeassert // the case's own
	}
	b, counts, seen := tradeAt(t, v, 300, nil, nil)
	if counts.Filled != 300 || len(b.ended) != 300 {
		t.Errorf("%d orders ended, the exchange filled %d (%v)", len(b.ended), counts.Filled, seen.ends)
	}
	if made.Load() < 3 {
		t.Errorf("%d tokens were made", made.Load())
	}
	if births := len(seen.live); births != 3 {
		t.Errorf("%d order connections: a token was renewed by a new one", births)
	}
	faultless(t, &counts)
}

// severalPaths listens to one market on two connections.
type severalPaths struct{ *binance.Dialect }

func (severalPaths) MarketPaths([]string) []string {
	return []string{"/public/stream?streams=btcusdt@trade", "/public/stream?streams=btcusdt@bookTicker"}
}

// ear counts what it hears.
type ear struct{ kinds []market.Kind }

func (e *ear) Market(ev *market.Event, _ int64, _ runtime.Hand) { e.kinds = append(e.kinds, ev.Kind) }
func (e *ear) Receipt(*orders.Receipt, int64, runtime.Hand)     {}
func (e *ear) Turn(int64, runtime.Hand)                         {}

// A market may come on several connections; a run has ended when all of them have.
func TestSeveralMarketConnections(t *testing.T) {
	recording := recordingOf(t,
		`1 {"stream":"btcusdt@trade","data":{"e":"trade","E":1,"T":1,"s":"BTCUSDT","t":1,"p":"60000.00","q":"0.001","X":"MARKET","m":true}}`,
		`2 {"stream":"btcusdt@bookTicker","data":{"e":"bookTicker","u":1,"s":"BTCUSDT","b":"1.00","B":"1.0","a":"2.00","A":"1.0","T":1,"E":1}}`,
		`3 {"stream":"btcusdt@trade","data":{"e":"trade","E":2,"T":2,"s":"BTCUSDT","t":2,"p":"60000.00","q":"0.001","X":"MARKET","m":true}}`,
	)
	exchange, err := simex.Serve(t.Context(), simex.ServeConfig{Venue: simex.Config{Kind: "binance-usdm", Market: recording}})
	if err != nil {
		t.Fatal(err)
	}
	defer exchange.Close()
	config := venueOf(t, "binance-usdm").config(exchange)
	heard := &ear{}
	config.Strategy, config.Dialect = heard, severalPaths{&binance.Dialect{Product: binance.USDM}}
	config.Market, config.Orders, config.Armed = config.Orders, runtime.Endpoint{}, nil
	config.Market.Once = true
	engine, err := runtime.New(config)
	if err != nil {
		t.Fatal(err)
	}
	if err := engine.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	slices.Sort(heard.kinds)
	want := []market.Kind{market.KindTrade, market.KindTrade, market.KindQuote}
	slices.Sort(want)
	if !slices.Equal(heard.kinds, want) || engine.Stats().Births != 2 {
		t.Errorf("heard %v on %d connections, want %v on 2", heard.kinds, engine.Stats().Births, want)
	}
}

func recordingOf(t *testing.T, lines ...string) *simex.Recording {
	t.Helper()
	r, err := simex.ReadRecording(strings.NewReader(strings.Join(lines, "\n") + "\n"))
	if err != nil {
		t.Fatal(err)
	}
	return r
}
