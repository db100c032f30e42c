package kraken

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"orderwire/orders"
	"orderwire/orders/fixed"
)

// SubscribeInstruments asks the public connection for the list of markets; changes of it follow.
func (d *Dialect) SubscribeInstruments() []byte {
	return []byte(`{"method":"subscribe","params":{"channel":"instrument","snapshot":true},"req_id":4}`)
}

// ReadInstruments reads a message of the instrument channel, snapshot or update; ok is false for every other message.
//
// Source: websocket-v2/instrument.
func (d *Dialect) ReadInstruments(message []byte) (list []orders.Instrument, ok bool, err error) {
	var answer struct {
		Channel string `json:"channel"`
		Data    struct {
			Pairs []struct {
				Symbol         string      `json:"symbol"`
				Base           string      `json:"base"`
				Quote          string      `json:"quote"`
				Status         string      `json:"status"`
				PriceIncrement json.Number `json:"price_increment"`
				QtyIncrement   json.Number `json:"qty_increment"`
				QtyMin         json.Number `json:"qty_min"`
				CostMin        json.Number `json:"cost_min"`
			} `json:"pairs"`
		} `json:"data"`
	}
	var probe struct {
		Channel string `json:"channel"`
	}
	if err := json.Unmarshal(message, &probe); err != nil || probe.Channel != "instrument" {
		return nil, false, nil
	}
	if err := json.Unmarshal(message, &answer); err != nil {
		return nil, true, fmt.Errorf("kraken: instruments: %w", err)
	}
	for _, pair := range answer.Data.Pairs {
		i := orders.Instrument{Symbol: pair.Symbol, Base: pair.Base, Quote: pair.Quote, Trading: pair.Status == "online"}
		for _, rule := range []struct {
			text json.Number
			into *fixed.Number
		}{{pair.PriceIncrement, &i.Tick}, {pair.QtyIncrement, &i.Step}, {pair.QtyMin, &i.QtyMin}, {pair.CostMin, &i.NotionalMin}} {
			if *rule.into, err = number(string(rule.text)); err != nil {
				return nil, true, fmt.Errorf("kraken: instruments: %q: %w", pair.Symbol, err)
			}
		}
		if i.Symbol == "" || i.Tick.IsZero() || i.Step.IsZero() {
			return nil, true, fmt.Errorf("kraken: instruments: %q: %w", pair.Symbol, ErrMissing)
		}
		list = append(list, i)
	}
	return list, true, nil
}

// number reads a JSON number that may be written as 1e-08: increments are made by programs that write them so. ""
// is 0.
func number(text string) (fixed.Number, error) {
	if text == "" {
		return fixed.Number{}, nil
	}
	mantissa, exponent, scientific := strings.Cut(strings.ToLower(text), "e")
	n, err := fixed.Parse([]byte(mantissa))
	if err != nil || !scientific {
		return n.Trim(), err
	}
	power, err := strconv.ParseInt(exponent, 10, 8)
	if err != nil {
		return fixed.Number{}, fixed.ErrSyntax
	}
	n = n.Trim()
	if scale := int64(n.Scale) - power; scale >= 0 && scale <= fixed.MaxScale {
		n.Scale = uint8(scale)
		return n, nil
	} else if scale > fixed.MaxScale {
		return fixed.Number{}, fixed.ErrScale
	}
	power -= int64(n.Scale)
	n.Scale = 0
	for ; power > 0; power-- {
		var ok bool
		if n, ok = n.Mul(fixed.Number{Mantissa: 10}); !ok {
			return fixed.Number{}, fixed.ErrOverflow
		}
	}
	return n, nil
}
