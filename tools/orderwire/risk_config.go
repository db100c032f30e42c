package main

import (
	"errors"
	"fmt"
	"time"

	"orderwire/orders"
	"orderwire/orders/fixed"
)

// RiskConfig is the pre-trade gate. A live exchange is refused without it, and without any of its limits.
type RiskConfig struct {
	FirstLive         bool               `toml:"first_live" comment:"one order of quantity_min, then the run ends: the first try at a live exchange"`
	MaxOrders         int                `toml:"max_orders" comment:"new orders in all, then the gate latches and the run ends; 0: no end"`
	MessagesMax       int                `toml:"messages_max" comment:"new orders in messages_window_ms, as a burst that refills evenly"`
	MessagesWindowMS  int                `toml:"messages_window_ms"`
	DuplicateWindowMS int                `toml:"duplicate_window_ms" comment:"an order like another one (symbol, side, price, quantity) is refused for so long"`
	RepeatsMax        int                `toml:"repeats_max" comment:"like orders in repeats_window_ms, then the gate latches until orderwire rearm"`
	RepeatsWindowMS   int                `toml:"repeats_window_ms"`
	Symbols           []SymbolRiskConfig `toml:"symbols"`
}

// SymbolRiskConfig are the limits of one symbol; an armed symbol without any is refused. Numbers are decimal text.
type SymbolRiskConfig struct {
	Symbol            string `toml:"symbol"`
	QuantityMin       string `toml:"quantity_min" comment:"the venue's smallest order; asked for by first_live alone"`
	QuantityMax       string `toml:"quantity_max" comment:"base units, one order"`
	ValueMaxQuote     string `toml:"value_max_quote" comment:"quote units, one order"`
	CollarPPM         int64  `toml:"collar_ppm" comment:"how far beyond the reference price an order may reach, in millionths"`
	PassivePPM        int64  `toml:"passive_ppm" comment:"how far behind it one may rest; 0 is not limited"`
	ReferenceMaxAgeMS int    `toml:"reference_max_age_ms" comment:"an older reference price is none, and without one no order leaves"`
	PositionMax       string `toml:"position_max" comment:"base units, executed and open together, either side"`
	OpenValueMaxQuote string `toml:"open_value_max_quote"`
	OpenOrdersMax     int    `toml:"open_orders_max"`
}

// BreakerConfig says when new orders are halted. 0 switches a limit off, but not at a live exchange.
type BreakerConfig struct {
	WindowMS           int `toml:"window_ms" comment:"of the four counts that follow"`
	RejectsMax         int `toml:"rejects_max"`
	LateAcksMax        int `toml:"late_acks_max" comment:"first answers slower than ack_max_ms"`
	DisconnectsMax     int `toml:"disconnects_max"`
	ConflictsMax       int `toml:"conflicts_max" comment:"evidence against evidence"`
	AckMaxMS           int `toml:"ack_max_ms"`
	UnknownMax         int `toml:"unknown_max" comment:"orders whose fate is unknown at once"`
	ClockBoundMaxMS    int `toml:"clock_bound_max_ms" comment:"how wrong the venue's clock may be known"`
	ReportSilenceMaxMS int `toml:"report_silence_max_ms" comment:"nothing was heard while an answer was due"`
	RestMS             int `toml:"rest_ms" comment:"after so long one order may probe; 0: a person rearms (orderwire rearm)"`
}

const (
	millis     = int64(time.Millisecond)
	dayMillis  = 86_400_000
	countMax   = 1 << 30
	millionths = 1_000_000
)

// wholeNumber is one integer of the file with its bounds.
type wholeNumber struct {
	key         string
	value       int64
	least, most int64
}

func within(rows []wholeNumber) error {
	for _, row := range rows {
		if row.value < row.least || row.value > row.most {
			return fmt.Errorf("%s = %d is not in %d..%d", row.key, row.value, row.least, row.most)
		}
	}
	return nil
}

// check holds what is true for every endpoint.
func (r *RiskConfig) check() error {
	if err := within([]wholeNumber{
		{"risk.max_orders", int64(r.MaxOrders), 0, countMax},
		{"risk.messages_max", int64(r.MessagesMax), 1, countMax},
		{"risk.messages_window_ms", int64(r.MessagesWindowMS), 1, dayMillis},
		{"risk.duplicate_window_ms", int64(r.DuplicateWindowMS), 0, dayMillis},
		{"risk.repeats_max", int64(r.RepeatsMax), 0, countMax},
		{"risk.repeats_window_ms", int64(r.RepeatsWindowMS), 0, dayMillis},
	}); err != nil {
		return err
	}
	if (r.RepeatsMax == 0) != (r.RepeatsWindowMS == 0) {
		return errors.New("risk.repeats_max and risk.repeats_window_ms go together: set both, or neither")
	}
	for i := range r.Symbols {
		if err := r.Symbols[i].check(); err != nil {
			return err
		}
		for j := range i {
			if r.Symbols[i].Symbol == r.Symbols[j].Symbol {
				return fmt.Errorf("risk.symbols holds %q twice", r.Symbols[i].Symbol)
			}
		}
	}
	return nil
}

func (s *SymbolRiskConfig) check() error {
	if s.Symbol == "" {
		return errors.New("risk.symbols has an entry without symbol")
	}
	place := "risk.symbols of " + s.Symbol + ": "
	for _, row := range s.decimals() {
		if _, err := positive(*row.text); err != nil && (*row.text != "" || row.key != "quantity_min") {
			return fmt.Errorf("%s%s = %q %w", place, row.key, *row.text, err)
		}
	}
	return within([]wholeNumber{
		{place + "collar_ppm", s.CollarPPM, 1, millionths},
		{place + "passive_ppm", s.PassivePPM, 0, millionths},
		{place + "reference_max_age_ms", int64(s.ReferenceMaxAgeMS), 1, dayMillis},
		{place + "open_orders_max", int64(s.OpenOrdersMax), 1, countMax},
	})
}

// decimalField is one number of the file that is written as text.
type decimalField struct {
	key  string
	text *string
}

func (s *SymbolRiskConfig) decimals() []decimalField {
	return []decimalField{
		{"quantity_min", &s.QuantityMin},
		{"quantity_max", &s.QuantityMax},
		{"value_max_quote", &s.ValueMaxQuote},
		{"position_max", &s.PositionMax},
		{"open_value_max_quote", &s.OpenValueMaxQuote},
	}
}

func (b *BreakerConfig) check() error {
	if err := within([]wholeNumber{
		{"breaker.window_ms", int64(b.WindowMS), 1, dayMillis},
		{"breaker.rejects_max", int64(b.RejectsMax), 0, 1 << 16},
		{"breaker.late_acks_max", int64(b.LateAcksMax), 0, 1 << 16},
		{"breaker.disconnects_max", int64(b.DisconnectsMax), 0, 1 << 16},
		{"breaker.conflicts_max", int64(b.ConflictsMax), 0, 1 << 16},
		{"breaker.ack_max_ms", int64(b.AckMaxMS), 0, dayMillis},
		{"breaker.unknown_max", int64(b.UnknownMax), 0, countMax},
		{"breaker.clock_bound_max_ms", int64(b.ClockBoundMaxMS), 0, dayMillis},
		{"breaker.report_silence_max_ms", int64(b.ReportSilenceMaxMS), 0, dayMillis},
		{"breaker.rest_ms", int64(b.RestMS), 0, dayMillis},
	}); err != nil {
		return err
	}
	if b.LateAcksMax > 0 && b.AckMaxMS == 0 {
		return errors.New("breaker.late_acks_max needs breaker.ack_max_ms")
	}
	return nil
}

// limits is the breaker in the words of the library.
func (b *BreakerConfig) limits() orders.BreakerLimits {
	return orders.BreakerLimits{
		RejectsMax: b.RejectsMax, LateAcksMax: b.LateAcksMax, DisconnectsMax: b.DisconnectsMax, ConflictsMax: b.ConflictsMax,
		WindowNanos: int64(b.WindowMS) * millis, AckNanos: int64(b.AckMaxMS) * millis, UnknownMax: b.UnknownMax,
		ClockNanos: int64(b.ClockBoundMaxMS) * millis, ReportNanos: int64(b.ReportSilenceMaxMS) * millis, RestNanos: int64(b.RestMS) * millis,
	}
}

// account is the gate over all symbols in the words of the library.
func (r *RiskConfig) account() orders.AccountLimits {
	return orders.AccountLimits{
		MessagesMax: r.MessagesMax, MessagesNanos: int64(r.MessagesWindowMS) * millis,
		DuplicateNanos: int64(r.DuplicateWindowMS) * millis, RepeatsMax: r.RepeatsMax, RepeatNanos: int64(r.RepeatsWindowMS) * millis,
		OrdersMax: uint64(r.ordersMax()),
	}
}

// ordersMax is how many orders a run may send, 0 for no end.
func (r *RiskConfig) ordersMax() int {
	if r.FirstLive {
		return 1
	}
	return r.MaxOrders
}

// limits is one symbol in the words of the library, at the decimals of the orders that are armed for it.
func (s *SymbolRiskConfig) limits(priceDecimals, quantityDecimals uint8, firstLive bool) (orders.SymbolLimits, error) {
	l := orders.SymbolLimits{
		Symbol: s.Symbol, PriceScale: priceDecimals, QtyScale: quantityDecimals,
		CollarPPM: s.CollarPPM, PassivePPM: s.PassivePPM, ReferenceAge: int64(s.ReferenceMaxAgeMS) * millis, OpenOrders: s.OpenOrdersMax,
	}
	most := s.QuantityMax
	if firstLive {
		most = s.QuantityMin
	}
	var errs [4]error
	for i, row := range []struct {
		number *fixed.Number
		text   string
	}{{&l.QtyMax, most}, {&l.ValueMax, s.ValueMaxQuote}, {&l.PositionMax, s.PositionMax}, {&l.OpenValueMax, s.OpenValueMaxQuote}} {
		*row.number, errs[i] = positive(row.text)
	}
	if err := errors.Join(errs[:]...); err != nil {
		return l, fmt.Errorf("risk.symbols of %s: a limit %w", s.Symbol, err)
	}
	return l, nil
}
