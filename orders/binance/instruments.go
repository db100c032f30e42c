package binance

import (
	"encoding/json"
	"fmt"
	"strings"

	"orderwire/orders"
	"orderwire/orders/fixed"
)

// InstrumentsRequest asks for the list of markets, of some symbols or of all. It needs no credentials. Filters change
// without notice: ask again every few minutes.
func (d *Dialect) InstrumentsRequest(symbols []string) *orders.Request {
	if d.Product == USDM {
		return &orders.Request{Method: "GET", Path: "/fapi/v1/exchangeInfo"} // it has no choice of symbols
	}
	path := "/api/v3/exchangeInfo"
	if len(symbols) > 0 {
		var list []string
		for _, symbol := range symbols {
			list = append(list, "%22"+escaped(symbol)+"%22")
		}
		path += "?symbols=%5B" + strings.Join(list, ",") + "%5D"
	}
	return &orders.Request{Method: "GET", Path: path}
}

// exchangeInfo is what we read of the list.
type exchangeInfo struct {
	RateLimits []struct {
		RateLimitType, Interval string
		IntervalNum, Limit      int64
	}
	Symbols []struct {
		Symbol, Status, BaseAsset, QuoteAsset string
		Filters                               []filter
	}
}

// filter is one rule; each kind has some of the fields.
type filter struct {
	FilterType                   string
	MinPrice, MaxPrice, TickSize string
	MinQty, MaxQty, StepSize     string
	MinNotional, MaxNotional     string
	Notional                     string // USD-M
	MaxNumOrders, Limit          int
}

// ReadInstruments reads the answer to InstrumentsRequest, or the result of the WebSocket method exchangeInfo.
func (d *Dialect) ReadInstruments(body []byte) ([]orders.Instrument, error) {
	var info exchangeInfo
	if err := json.Unmarshal(body, &info); err != nil {
		return nil, fmt.Errorf("binance: exchangeInfo: %w", err)
	}
	var list []orders.Instrument
	for _, s := range info.Symbols {
		instrument := orders.Instrument{Symbol: s.Symbol, Base: s.BaseAsset, Quote: s.QuoteAsset, Trading: s.Status == "TRADING"}
		for i := range s.Filters {
			if err := s.Filters[i].apply(&instrument); err != nil {
				return nil, fmt.Errorf("binance: exchangeInfo: %s: %s: %w", s.Symbol, s.Filters[i].FilterType, err)
			}
		}
		if instrument.Symbol == "" || instrument.Tick.IsZero() || instrument.Step.IsZero() {
			return nil, fmt.Errorf("binance: exchangeInfo: %q has no tick or no step: %w", s.Symbol, ErrMissing)
		}
		list = append(list, instrument)
	}
	return list, nil
}

// apply takes over one filter. Kinds that we do not know, or that depend on the market's state, are passed over: the
// venue applies them.
func (f *filter) apply(i *orders.Instrument) error {
	switch f.FilterType {
	case "PRICE_FILTER":
		return read(f.MinPrice, &i.PriceMin, f.MaxPrice, &i.PriceMax, f.TickSize, &i.Tick)
	case "LOT_SIZE":
		return read(f.MinQty, &i.QtyMin, f.MaxQty, &i.QtyMax, f.StepSize, &i.Step)
	case "NOTIONAL":
		return read(f.MinNotional, &i.NotionalMin, f.MaxNotional, &i.NotionalMax)
	case "MIN_NOTIONAL":
		if f.Notional != "" {
			return read(f.Notional, &i.NotionalMin)
		}
		return read(f.MinNotional, &i.NotionalMin)
	case "MAX_NUM_ORDERS":
		i.OrdersMax = max(f.MaxNumOrders, f.Limit)
	}
	return nil
}

// read takes pairs of text and *fixed.Number.
func read(pairs ...any) error {
	for i := 0; i < len(pairs); i += 2 {
		n, err := fixed.Parse([]byte(pairs[i].(string)))
		if err != nil {
			return err
		}
		*pairs[i+1].(*fixed.Number) = n.Trim()
	}
	return nil
}

// ReadLimits reads the venue's budgets from the same list. reserve is the part of each, in percent, that new orders
// leave to cancels.
func (d *Dialect) ReadLimits(body []byte, reserve int64) ([]orders.LimitRule, error) {
	var info exchangeInfo
	if err := json.Unmarshal(body, &info); err != nil {
		return nil, fmt.Errorf("binance: exchangeInfo: %w", err)
	}
	var rules []orders.LimitRule
	for _, limit := range info.RateLimits {
		window := seconds([]byte(limit.Interval)) * limit.IntervalNum
		if window <= 0 || limit.Limit <= 0 {
			return nil, fmt.Errorf("binance: exchangeInfo: limit %s of %d %s: %w", limit.RateLimitType, limit.IntervalNum, limit.Interval, ErrValue)
		}
		rule := orders.LimitRule{Window: window * 1_000_000_000, Max: limit.Limit}
		switch limit.RateLimitType {
		case "REQUEST_WEIGHT":
			rule.Budget = orders.BudgetWeight
		case "ORDERS": // cancels do not count here: nothing to reserve
			rule.Budget = orders.BudgetOrders
		case "RAW_REQUESTS":
			rule.Budget = orders.BudgetMessages
		default:
			continue
		}
		if rule.Budget != orders.BudgetOrders {
			rule.Reserve = limit.Limit * reserve / 100
		}
		rules = append(rules, rule)
	}
	return rules, nil
}
