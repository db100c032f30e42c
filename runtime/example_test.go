package runtime_test

import (
	"context"
	"crypto/x509"
	"fmt"
	"log"
	"time"

	"orderwire/bench/simex"
	"orderwire/orders"
	"orderwire/orders/binance"
	"orderwire/orders/fixed"
	"orderwire/orders/market"
	"orderwire/runtime"
	"orderwire/tlsio"
)

// once pushes one order as soon as its session is live, and stops when it is filled.
type once struct {
	pushed bool
	done   func()
}

func (o *once) Turn(now int64, hand runtime.Hand) {
	if !o.pushed && hand.Live() {
		_, outcome := hand.Push(0, fixed.Number{Mantissa: 6400000, Scale: 2}, fixed.Number{Mantissa: 1, Scale: 3}, now)
		o.pushed = outcome == orders.Sent
	}
}

func (o *once) Receipt(r *orders.Receipt, _ int64, _ runtime.Hand) {
	if r.State == orders.Filled {
		o.done()
	}
}

func (o *once) Market(*market.Event, int64, runtime.Hand) {}

// One signed order, pushed over verified TLS to the embedded exchange, which checks the signature and fills it.
func Example() {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	exchange, err := simex.Serve(ctx, simex.ServeConfig{Venue: simex.Config{Keys: []simex.Key{{ID: "key", Secret: "secret"}}}})
	if err != nil {
		log.Fatal(err)
	}
	defer exchange.Close()
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(exchange.CA())
	signer, err := orders.NewHMACSigner("key", orders.NewSecret([]byte("secret")))
	if err != nil {
		log.Fatal(err)
	}
	engine, err := runtime.New(runtime.Config{
		Dialect:  &binance.Dialect{},
		Orders:   runtime.Endpoint{URL: "wss://" + exchange.Addr(), TLS: tlsio.Config{Trust: tlsio.Trust{Roots: roots}}},
		Armed:    []orders.Spec{{Symbol: "BTCUSDT", Side: market.Buy, Type: orders.Limit, TIF: orders.IOC, PriceScale: 2, QtyScale: 5}},
		IDs:      orders.IDSpace{Prefix: "ex"}, // a real run takes its epoch from orders/journal
		Signer:   signer,
		Strategy: &once{done: cancel},
		CPU:      -1,
	})
	if err != nil {
		log.Fatal(err)
	}
	if err := engine.Run(ctx); err != nil {
		log.Fatal(err)
	}
	counts := exchange.Counts()
	fmt.Printf("filled %d, wrong signatures %d\n", counts.Filled, counts.BadSignatures)
	// Output: filled 1, wrong signatures 0
}
