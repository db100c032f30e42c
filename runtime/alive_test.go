package runtime_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"orderwire/bench/simex"
	"orderwire/orders"
	"orderwire/orders/binance"
	"orderwire/orders/market"
	"orderwire/runtime"
)

// listener acts on what it hears, on the loop thread.
type listener struct {
	heard func(ev *market.Event)
	turn  func(hand runtime.Hand)
}

func (l *listener) Market(ev *market.Event, _ int64, _ runtime.Hand) {
	if l.heard != nil {
		l.heard(ev)
	}
}
func (l *listener) Receipt(*orders.Receipt, int64, runtime.Hand) {}
func (l *listener) Turn(_ int64, hand runtime.Hand) {
	if l.turn != nil {
		l.turn(hand)
	}
}

// serve runs an engine at an exchange until stop is called by the strategy, or for a minute.
func serve(t *testing.T, v *venueCase, venue simex.Config, strategy func(exchange *simex.Server, stop func()) runtime.Strategy, change func(*runtime.Config)) (runtime.Stats, simex.Counts) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	venue.Kind, venue.Keys = v.kind, []simex.Key{v.key}
	exchange, err := simex.Serve(ctx, simex.ServeConfig{Venue: venue})
	if err != nil {
		t.Fatal(err)
	}
	defer exchange.Close()
	config := v.config(exchange)
	config.Strategy = strategy(exchange, cancel)
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
	return engine.Stats(), exchange.Counts()
}

func marketOnly(c *runtime.Config) {
	c.Market, c.Orders, c.Armed = c.Orders, runtime.Endpoint{}, nil
}

// R7 at the exchange: the connection falls silent while its pings go on, is ended, and the next one delivers again.
func TestR7SilentConnectionIsMadeAnew(t *testing.T) {
	line := `1 {"stream":"btcusdt@trade","data":{"e":"trade","E":1,"s":"BTCUSDT","t":1,"p":"60000.00","q":"0.001","T":1,"m":true,"M":true}}`
	trades := 0
	stats, counts := serve(t, venueOf(t, "binance"), simex.Config{Market: recordingOf(t, line), ReplayHold: true, PingEvery: 20e6, PongWait: 10e9, Limits: simex.Limits{WeightPerMinute: 1e6}},
		func(exchange *simex.Server, stop func()) runtime.Strategy {
			return &listener{heard: func(ev *market.Event) {
				if ev.Kind != market.KindTrade {
					return
				}
				if trades++; trades == 1 {
					exchange.Venue().Inject(time.Now().UnixNano(), simex.Incident{Kind: simex.Silence})
					return
				}
				stop()
			}}
		}, func(c *runtime.Config) {
			marketOnly(c)
			c.DataSilence = 200 * time.Millisecond
		})
	if trades != 2 || stats.Silences != 1 || stats.Births != 2 || stats.Pongs == 0 {
		t.Errorf("%d trades on %d connections, %d ended for silence, %d pings answered", trades, stats.Births, stats.Silences, stats.Pongs)
	}
	faultless(t, &counts)
}

// USD-M's old path completes the handshake and sends nothing: a connection there never counts as good.
func TestR7OldFuturesPathIsGivenUp(t *testing.T) {
	v := venueOf(t, "binance-usdm")
	stats, _ := serve(t, v, simex.Config{}, func(exchange *simex.Server, stop func()) runtime.Strategy {
		return &listener{turn: func(runtime.Hand) {
			if exchange.Counts().Upgrades >= 3 {
				stop()
			}
		}}
	}, func(c *runtime.Config) {
		marketOnly(c)
		c.Market.URL += "/stream?streams=btcusdt@aggTrade"
		c.DataSilence = 50 * time.Millisecond
	})
	if stats.Silences < 2 {
		t.Errorf("%d connections were ended for silence", stats.Silences)
	}
}

// R8: every PING is answered with its own payload, on connections that have nothing else to say.
func TestR8PingsOfIdleConnections(t *testing.T) {
	for _, kind := range []string{"binance", "binance-usdm"} {
		t.Run(kind, func(t *testing.T) {
			stats, counts := serve(t, venueOf(t, kind), simex.Config{PingEvery: 40e6, PongWait: 10e9}, func(exchange *simex.Server, stop func()) runtime.Strategy {
				return &listener{turn: func(runtime.Hand) {
					if exchange.Counts().Pongs >= 20 {
						stop()
					}
				}}
			}, nil)
			if counts.Pongs < 20 || counts.BadPong != 0 || stats.Silences != 0 {
				t.Errorf("%d pings, %d answered, %d wrongly; %d connections ended for silence", counts.Pings, counts.Pongs, counts.BadPong, stats.Silences)
			}
			faultless(t, &counts)
		})
	}
}

// R22: a market socket of Binance takes five frames a second, PONGs among them. Nothing is subscribed by message and no
// client ping is sent, however many symbols there are.
func TestR22MarketSocketsAreSpokenToRarely(t *testing.T) {
	var symbols []string
	for i := range 250 {
		symbols = append(symbols, fmt.Sprintf("COIN%dUSDT", i))
	}
	for _, product := range []binance.Product{binance.Spot, binance.USDM} {
		d := &binance.Dialect{Product: product}
		paths := d.MarketPaths(symbols)
		named := 0
		for _, path := range paths {
			streams := strings.Count(path, "@trade")
			if named += streams; streams > 341 || len(path) > 8000 { // three streams a symbol, of 1024 a connection
				t.Errorf("%d symbols in a path of %d bytes", streams, len(path))
			}
		}
		if named != len(symbols) {
			t.Errorf("%d symbols of %d are listened to", named, len(symbols))
		}
	}
	stats, counts := serve(t, venueOf(t, "binance"), simex.Config{Limits: simex.VenueLimits("binance"), PingEvery: 300e6, PongWait: 10e9},
		func(exchange *simex.Server, stop func()) runtime.Strategy {
			return &listener{turn: func(runtime.Hand) {
				if exchange.Counts().Pongs >= 6 {
					stop()
				}
			}}
		}, func(c *runtime.Config) {
			marketOnly(c)
			c.Symbols = symbols
		})
	if stats.Births != 3 {
		t.Errorf("%d connections", stats.Births)
	}
	faultless(t, &counts)
}
