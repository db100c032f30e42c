package coinbase

import (
	"encoding/json"
	"fmt"

	"orderwire/orders"
	"orderwire/orders/fixed"
)

// InstrumentsRequest asks for the list of markets. Exchange needs no credentials for it; Advanced has a public path.
func (d *Dialect) InstrumentsRequest(symbols []string) *orders.Request {
	path := "/products"
	if d.API == Advanced {
		path = "/api/v3/brokerage/market/products"
	}
	if len(symbols) == 1 {
		path += "/" + symbols[0]
	}
	return &orders.Request{Method: "GET", Path: path}
}

// product is one market as either API writes it.
type product struct {
	ID              string `json:"id"`         // Exchange
	ProductID       string `json:"product_id"` // Advanced
	Base            string `json:"base_currency"`
	Quote           string `json:"quote_currency"`
	BaseID          string `json:"base_currency_id"`
	QuoteID         string `json:"quote_currency_id"`
	QuoteIncrement  string `json:"quote_increment"`
	PriceIncrement  string `json:"price_increment"` // Advanced: the tick; its quote_increment is of amounts
	BaseIncrement   string `json:"base_increment"`
	BaseMin         string `json:"base_min_size"`
	BaseMax         string `json:"base_max_size"`
	MinFunds        string `json:"min_market_funds"`
	QuoteMin        string `json:"quote_min_size"`
	Status          string `json:"status"`
	PostOnly        bool   `json:"post_only"`
	LimitOnly       bool   `json:"limit_only"`
	CancelOnly      bool   `json:"cancel_only"`
	TradingDisabled bool   `json:"trading_disabled"`
	Disabled        bool   `json:"is_disabled"`
	Auction         bool   `json:"auction_mode"`
}

// ReadInstruments reads the answer to InstrumentsRequest: a list, one market, or {"products":[...]}.
func (d *Dialect) ReadInstruments(body []byte) ([]orders.Instrument, error) {
	var products []product
	var wrapped struct {
		Products []product
		Message  string
		product
	}
	if err := json.Unmarshal(body, &products); err != nil {
		if err := json.Unmarshal(body, &wrapped); err != nil {
			return nil, fmt.Errorf("coinbase: products: %w", err)
		}
		if wrapped.Message != "" {
			return nil, &orders.RejectError{Venue: d.Venue(), Text: wrapped.Message}
		}
		if products = wrapped.Products; products == nil {
			products = []product{wrapped.product}
		}
	}
	var list []orders.Instrument
	for i := range products {
		instrument, err := products[i].instrument()
		if err != nil {
			return nil, fmt.Errorf("coinbase: products: %q: %w", first(products[i].ID, products[i].ProductID), err)
		}
		list = append(list, instrument)
	}
	return list, nil
}

func (p *product) instrument() (orders.Instrument, error) {
	i := orders.Instrument{
		Symbol: p.ID, Base: first(p.Base, p.BaseID), Quote: first(p.Quote, p.QuoteID),
		Trading: p.Status == "online" && !p.PostOnly && !p.CancelOnly && !p.TradingDisabled && !p.Disabled && !p.Auction,
	}
	if i.Symbol == "" {
		i.Symbol = p.ProductID
	}
	for _, rule := range []struct {
		text string
		into *fixed.Number
	}{
		{first(p.PriceIncrement, p.QuoteIncrement), &i.Tick},
		{p.BaseIncrement, &i.Step},
		{p.BaseMin, &i.QtyMin},
		{p.BaseMax, &i.QtyMax},
		{first(p.MinFunds, p.QuoteMin), &i.NotionalMin},
	} {
		if rule.text == "" {
			continue
		}
		n, err := fixed.Parse([]byte(rule.text))
		if err != nil {
			return i, err
		}
		*rule.into = n.Trim()
	}
	if i.Symbol == "" || i.Tick.IsZero() || i.Step.IsZero() {
		return i, ErrMissing
	}
	return i, nil
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
