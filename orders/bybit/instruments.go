package bybit

import (
	"encoding/json"
	"fmt"

	"orderwire/orders"
	"orderwire/orders/fixed"
)

// InstrumentsRequest asks for the list of markets, of one symbol or of all. It needs no credentials.
func (d *Dialect) InstrumentsRequest(symbols []string) *orders.Request {
	path := "/v5/market/instruments-info?limit=1000&category=" + d.Category.String()
	if len(symbols) == 1 {
		path += "&symbol=" + symbols[0]
	}
	return &orders.Request{Method: "GET", Path: path}
}

// ReadInstruments reads the answer to InstrumentsRequest. Source: market/instrument.
func (d *Dialect) ReadInstruments(body []byte) ([]orders.Instrument, error) {
	var answer struct {
		RetCode int
		RetMsg  string
		Result  struct {
			NextPageCursor string
			List           []struct {
				Symbol, Status, BaseCoin, QuoteCoin string
				PriceFilter                         struct{ TickSize, MinPrice, MaxPrice string }
				LotSizeFilter                       struct {
					QtyStep, BasePrecision        string // derivatives, spot
					MinOrderQty, MaxOrderQty      string
					MaxLimitOrderQty              string // spot since 2025
					MinNotionalValue, MinOrderAmt string // derivatives, spot
					MaxOrderAmt                   string
				}
			}
		}
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		return nil, fmt.Errorf("bybit: instruments: %w", err)
	}
	if answer.RetCode != 0 {
		return nil, &orders.RejectError{Venue: d.Venue(), Code: answer.RetCode, Text: answer.RetMsg}
	}
	if answer.Result.NextPageCursor != "" {
		return nil, fmt.Errorf("bybit: instruments: the list has more pages: ask for one symbol")
	}
	var list []orders.Instrument
	for _, row := range answer.Result.List {
		i := orders.Instrument{Symbol: row.Symbol, Base: row.BaseCoin, Quote: row.QuoteCoin, Trading: row.Status == "Trading"}
		lot := &row.LotSizeFilter
		err := read(row.PriceFilter.TickSize, &i.Tick, first(lot.QtyStep, lot.BasePrecision), &i.Step, lot.MinOrderQty, &i.QtyMin,
			first(lot.MaxLimitOrderQty, lot.MaxOrderQty), &i.QtyMax, first(lot.MinNotionalValue, lot.MinOrderAmt), &i.NotionalMin,
			row.PriceFilter.MinPrice, &i.PriceMin, row.PriceFilter.MaxPrice, &i.PriceMax)
		if err == nil && (i.Symbol == "" || i.Tick.IsZero() || i.Step.IsZero()) {
			err = ErrMissing
		}
		if err != nil {
			return nil, fmt.Errorf("bybit: instruments: %q: %w", row.Symbol, err)
		}
		list = append(list, i)
	}
	return list, nil
}

// first is the first text that there is.
func first(texts ...string) string {
	for _, text := range texts {
		if text != "" {
			return text
		}
	}
	return ""
}

// read takes pairs of text and *fixed.Number. Texts that are not there leave a rule that is none.
func read(pairs ...any) error {
	for i := 0; i < len(pairs); i += 2 {
		text := pairs[i].(string)
		if text == "" {
			continue
		}
		n, err := fixed.Parse([]byte(text))
		if err != nil {
			return err
		}
		*pairs[i+1].(*fixed.Number) = n.Trim()
	}
	return nil
}
