package world

import (
	"fmt"

	"orderwire/bench/simex"
	"orderwire/orders"
	"orderwire/orders/binance"
	"orderwire/orders/fixed"
	"orderwire/orders/market"
	"orderwire/runtime"
)

// exchange is one venue of the world: who speaks its language on each side, and what is traded there.
type exchange struct {
	name    string
	dialect func() orders.Dialect
	form    orders.IDForm
	armed   []orders.Spec
	prices  []priced // by armed
	signer  func() (*orders.Signer, error)
	keys    []simex.Key
	refusal string // how it refuses an order for want of money
}

// priced is what an armed order may cost, in units of its scales.
type priced struct {
	low, high   int64
	least, most int64
	rests       bool
}

const (
	apiKey    = "world-key-0123456789abcdef"
	apiSecret = "world-secret-0123456789abcdefgh"
	idPrefix  = "ow"
)

// exchanges are the venues that a world can have.
var exchanges = map[string]func() exchange{"binance": binanceSpot}

func binanceSpot() exchange {
	x := exchange{
		name:    "binance",
		dialect: func() orders.Dialect { return &binance.Dialect{} },
		keys:    []simex.Key{{ID: apiKey, Secret: apiSecret}},
		refusal: "-2010 Account has insufficient balance for requested action.",
		signer: func() (*orders.Signer, error) {
			return orders.NewHMACSigner(apiKey, orders.NewSecret([]byte(apiSecret)))
		},
	}
	for _, pair := range []struct {
		symbol string
		qty    uint8
		mid    int64
	}{{"BTCUSDT", 5, 6_100_000}, {"ETHUSDT", 4, 240_000}} {
		x.add(pair.symbol, 2, pair.qty, pair.mid)
	}
	return x
}

// add arms the orders of one symbol. Orders that rest lie far from those that take, so that the account never trades with itself.
func (x *exchange) add(symbol string, priceScale, qtyScale uint8, mid int64) {
	for _, side := range []market.Side{market.Buy, market.Sell} {
		for _, kind := range []struct {
			kind orders.Type
			tif  orders.TIF
		}{{orders.Limit, orders.IOC}, {orders.Limit, orders.GTC}, {orders.Limit, orders.FOK}, {orders.PostOnly, 0}} {
			rests := kind.tif == orders.GTC || kind.kind == orders.PostOnly
			p := priced{low: mid - mid/100, high: mid + mid/100, least: 100, most: 2000, rests: rests}
			switch {
			case rests && side == market.Buy:
				p.low, p.high = mid-mid/10, mid-mid/20
			case rests:
				p.low, p.high = mid+mid/20, mid+mid/10
			}
			x.armed = append(x.armed, orders.Spec{
				Symbol: symbol, Side: side, Type: kind.kind, TIF: kind.tif, PriceScale: priceScale, QtyScale: qtyScale, WindowMillis: windowMillis,
			})
			x.prices = append(x.prices, p)
		}
	}
}

// windowMillis is how long the venue may take to accept an order of the world.
const windowMillis = 1000

// decide makes the decisions of a world, in the order of their times.
func (x *exchange) decide(d dice, number int, from, to int64) []*decision {
	list := make([]*decision, number)
	step := (to - from) / int64(max(number, 1))
	for i := range list {
		armed := d.IntN(len(x.armed))
		p, spec := &x.prices[armed], &x.armed[armed]
		n := &decision{
			number: i + 1, at: from + step*int64(i) + d.between(0, max(step, 1)), armed: runtime.Armed(armed),
			price:     fixed.Number{Mantissa: d.between(p.low, p.high), Scale: spec.PriceScale},
			qty:       fixed.Number{Mantissa: d.between(p.least, p.most), Scale: spec.QtyScale},
			restNanos: d.between(50e6, 6e9),
		}
		list[i] = n
	}
	return list
}

// venue is the embedded exchange.
func (x *exchange) venue(w *world) (*simex.Venue, error) {
	v, err := simex.NewVenue(simex.Config{Kind: x.name, Keys: x.keys, Rand: w.venueBytes, Script: w.faults.script})
	if err != nil {
		return nil, fmt.Errorf("world: %w", err)
	}
	return v, nil
}

// takers are others who trade against what rests, also while nobody of us listens.
func (w *world) takers(d dice, until int64) {
	if w.now >= until {
		return
	}
	w.after(d.between(50_000_000, 1_500_000_000), func() {
		armed := d.IntN(len(w.market.armed))
		spec, p := &w.market.armed[armed], &w.market.prices[armed]
		if p.rests {
			side, price := "sell", p.low
			if spec.Side == market.Sell {
				side, price = "buy", p.high
			}
			qty := fixed.Number{Mantissa: d.between(p.least/2, p.most), Scale: spec.QtyScale}
			traded := w.peer.venue.Trade(w.wall(), spec.Symbol, side, fixed.Number{Mantissa: price, Scale: spec.PriceScale}.String(), qty.String())
			w.record.line("taker %s %s of %s", side, traded, spec.Symbol)
			w.at(w.now, w.peer.pump)
		}
		w.takers(d, until)
	})
}

// admission is what stands between the trader and the venue: the kill switch is the engine's, the limiter obeys bans.
func (w *world) admission() (*orders.Admission, error) {
	limiter, err := orders.NewLimiter([]orders.LimitRule{
		{Budget: orders.BudgetWeight, Window: 60e9, Max: 6000, Reserve: 600},
		{Budget: orders.BudgetOrders, Window: 10e9, Max: 100, Reserve: 0},
	})
	if err != nil {
		return nil, fmt.Errorf("world: %w", err)
	}
	return &orders.Admission{Limiter: limiter, PlaceCost: orders.Cost{orders.BudgetWeight: 1, orders.BudgetOrders: 1}, CancelCost: orders.Cost{orders.BudgetWeight: 1}}, nil
}
