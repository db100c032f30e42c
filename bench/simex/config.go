package simex

import (
	"crypto/ed25519"
	"crypto/rsa"
	"io"
)

// Config says what a venue is. The zero value of every field means its default.
type Config struct {
	Kind        string       // "binance" (default); see Kinds
	Keys        []Key        // API keys that the venue knows; none: only public paths work
	Instruments []Instrument // default: DefaultInstruments(Kind)
	Rand        io.Reader    // source of ids, tokens and PING payloads; default: crypto/rand
	RxClock     func() int64 // stamps "rx"; default: the now of Feed. Units: nanoseconds

	Fill   FillRule // what an order meets outside the book of resting orders; default FillAlways
	Script Script   // decides faults per request; default: none
	Limits Limits   // default: LooseLimits

	Market      *Recording // what the market streams replay; nil: they stay silent
	Speed       float64    // 1 is the recorded pace, 10 ten times it, 0 as fast as the client reads
	ReplayStart string     // "connect" (default), "subscribe" (first SUBSCRIBE) or "go" (first order, or Venue.Go)
	ReplayHold  bool       // keep the connection open at the end; default: Close 1000

	AckRx     bool  // put the receive stamp into every order reply as "rx"
	PingEvery int64 // ns between server PINGs; default: the venue's own
	PongWait  int64 // ns until a PING must be answered; default: the venue's own
	HTTPIdle  int64 // ns until an HTTP connection without requests is closed; default: never
	LifeTime  int64 // ns a connection may live; default: the venue's own; negative: for ever

	MaxMessage int // bytes of one client message; default 64 KiB
	MaxBacklog int // bytes that wait for a slow reader before it is cut off; default 8 MiB
}

// Key is one API key and what its signatures are checked with.
type Key struct {
	ID         string
	Account    string // keys of one account share orders, streams and limits; default "main"
	Secret     string // HMAC secret as the venue hands it out (text, or base64 at Kraken and Coinbase)
	Passphrase string // Coinbase Exchange
	Ed25519    ed25519.PublicKey
	RSA        *rsa.PublicKey
	ECDSA      *ES256Key // Coinbase Advanced
	NoTrade    bool      // may read, may not order
	Withdraws  bool      // may withdraw: a key that a careful client refuses
	AnyAddress bool      // bound to no IP address
}

// Instrument is one tradable symbol. Numbers are decimal text.
type Instrument struct {
	Symbol      string
	Base, Quote string
	Tick, Step  string
	MinQty      string // default: Step
	MaxQty      string // default: 9000000
	MinNotional string // default: 0
	Mark        string // price of a market order when no quote is known; default: none, it is then refused
}

// DefaultInstruments are the symbols of a venue in its own spelling. Ticks fit the recorded Spot market, which Recording.As
// words for the other venues.
func DefaultInstruments(kind string) []Instrument {
	btc := Instrument{Symbol: "BTCUSDT", Base: "BTC", Quote: "USDT", Tick: "0.01", Step: "0.00001", Mark: "61000"}
	eth := Instrument{Symbol: "ETHUSDT", Base: "ETH", Quote: "USDT", Tick: "0.01", Step: "0.0001", Mark: "2400"}
	switch kind {
	case "binance-usdm":
		btc.Step, eth.Step = "0.001", "0.001"
	case "kraken":
		btc.Symbol, btc.Quote, btc.Step = "BTC/USD", "USD", "0.00000001"
		eth.Symbol, eth.Quote, eth.Step = "ETH/USD", "USD", "0.00000001"
	case "coinbase", "coinbase-advanced":
		btc.Symbol, btc.Quote, btc.Step = "BTC-USD", "USD", "0.00000001"
		eth.Symbol, eth.Quote, eth.Step = "ETH-USD", "USD", "0.00000001"
	}
	return []Instrument{btc, eth}
}

// Limits are a venue's allowances; 0 means no limit.
type Limits struct {
	WeightPerMinute   int // request weight per IP
	OrdersPer10s      int // unfilled orders per account
	OrdersPerDay      int
	OrdersPerSecond   int // requests per account and endpoint, where the venue counts so
	ConnectsPer5Min   int
	MarketInPerSecond int // client frames on a market socket, PING and PONG included
	BanAfter          int // refused requests within one window until the IP is banned
	BanNanos          int64
	CounterMax        int // Kraken's engine counter, in hundredths, and its decay a second
	CounterDecay      int
}

// LooseLimits keep the venue's form (usage is reported) but never refuse a demonstration.
func LooseLimits() Limits {
	return Limits{
		WeightPerMinute: 1_000_000, OrdersPer10s: 1_000_000, OrdersPerDay: 100_000_000,
		OrdersPerSecond: 100_000, MarketInPerSecond: 5, CounterMax: 100_000_000, CounterDecay: 100_000, BanAfter: 10, BanNanos: 120e9,
	}
}

// VenueLimits are the allowances that a venue documents, for tests that live within them. Binance's ban after refused
// requests is not documented in figures: ten within a minute stand for it.
func VenueLimits(kind string) Limits {
	limits := Limits{MarketInPerSecond: 5, BanAfter: 10, BanNanos: 120e9}
	switch kind {
	case "binance":
		limits.WeightPerMinute, limits.OrdersPer10s, limits.OrdersPerDay, limits.ConnectsPer5Min = 6000, 50, 160_000, 300
	case "binance-usdm":
		limits.WeightPerMinute, limits.OrdersPer10s, limits.MarketInPerSecond = 2400, 300, 10
	case "bybit":
		limits.WeightPerMinute, limits.OrdersPerSecond, limits.ConnectsPer5Min = 7200, 10, 500 // 600 requests in 5 s by IP
	case "kraken":
		limits.CounterMax, limits.CounterDecay, limits.ConnectsPer5Min = 12_500, 234, 75 // the Intermediate tier
	case "coinbase":
		limits.OrdersPerSecond = 15 // with a burst of 30
	case "coinbase-advanced":
		limits.OrdersPerSecond = 30
	}
	return limits
}

// FillRule is what an order finds outside the book of resting orders.
type FillRule uint8

const (
	FillDefault FillRule = iota // the Config's rule; in the Config itself: FillAlways
	FillAlways                  // IOC, FOK and market orders fill wholly at their own limit; others rest
	FillQuote                   // whatever crosses the last replayed quote fills at the quote, up to its size
	FillNone                    // nothing
	FillPart                    // Plan.PartPermille of an aggressive order at its own limit
)
