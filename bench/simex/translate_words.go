package simex

import (
	"hash/crc32"
	"strconv"
)

// bybitWords speak Bybit v5.
type bybitWords struct{ quotes int64 }

func (w *bybitWords) depths() []int { return []int{50, 200, 1000} }

func (w *bybitWords) trade(t *translation, m *marketTrade) {
	side := "Buy"
	if m.sold {
		side = "Sell"
	}
	millis := strconv.FormatInt(t.wall/1e6, 10)
	dst := append([]byte(`{"topic":"publicTrade.`), m.symbol...)
	dst = append(append(dst, `","type":"snapshot","ts":`...), millis...)
	dst = append(append(append(dst, `,"data":[{"T":`...), millis...), `,"s":"`...)
	dst = append(append(append(dst, m.symbol...), `","S":"`...), side...)
	dst = append(append(dst, `","v":"`...), m.qty...)
	dst = append(append(dst, `","p":"`...), m.price...)
	dst = appendInt(append(dst, `","L":"ZeroPlusTick","i":"`...), m.id)
	dst = append(appendInt(append(dst, `","BT":false,"seq":`...), m.id), `}]}`...)
	t.emit("publicTrade."+m.symbol, dst)
}

func (w *bybitWords) quote(t *translation, symbol string, q quote) {
	w.quotes++
	book := depthBook{bids: []level{{q.bid, q.bidQty}}, asks: []level{{q.ask, q.askQty}}}
	w.book(t, "orderbook.1."+symbol, symbol, "snapshot", w.quotes, changed(nil, book.bids, nil, -1), changed(nil, book.asks, nil, 1))
}

func (w *bybitWords) ladder(t *translation, symbol string, depth int, whole bool, d *ladderChange) {
	kind := "delta"
	if whole {
		kind = "snapshot"
	}
	w.book(t, "orderbook."+strconv.Itoa(depth)+"."+symbol, symbol, kind, d.number+1, d.bids, d.asks) // u of 1 would mean a restart
}

func (w *bybitWords) book(t *translation, name, symbol, kind string, update int64, bids, asks []levelChange) {
	dst := append(append([]byte(`{"topic":"`), name...), `","type":"`...)
	dst = appendInt(append(append(dst, kind...), `","ts":`...), t.wall/1e6)
	dst = append(append(append(dst, `,"data":{"s":"`...), symbol...), `","b":`...)
	dst = appendChanges(dst, bids)
	dst = appendChanges(append(dst, `,"a":`...), asks)
	dst = appendInt(append(dst, `,"u":`...), update)
	dst = appendInt(append(dst, `,"seq":`...), update)
	t.emit(name, append(appendInt(append(dst, `},"cts":`...), t.wall/1e6), '}'))
}

// appendChanges writes [["price","qty"],...] with a quantity of "0" for what is gone.
func appendChanges(dst []byte, list []levelChange) []byte {
	dst = append(dst, '[')
	for i, l := range list {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = l.price.appendShort(append(dst, `["`...))
		dst = append(l.qty.appendShort(append(dst, `","`...)), `"]`...)
	}
	return append(dst, ']')
}

// krakenWords speak Kraken WebSocket v2. Prices have two decimals and quantities eight, as the instrument says; the
// checksum is over that very text.
type krakenWords struct{}

const krakenPriceDecimals = 2

func (w *krakenWords) depths() []int { return []int{10, 25, 100, 500, 1000} }

func (w *krakenWords) trade(t *translation, m *marketTrade) {
	side := "buy"
	if m.sold {
		side = "sell"
	}
	dst := append([]byte(`{"channel":"trade","type":"update","data":[{"symbol":"`), m.symbol...)
	dst = append(append(append(dst, `","side":"`...), side...), `","price":`...)
	dst = append(append(append(dst, trimZeros(m.price)...), `,"qty":`...), trimZeros(m.qty)...)
	dst = appendInt(append(dst, `,"ord_type":"market","trade_id":`...), m.id)
	dst = appendRFC3339(append(dst, `,"timestamp":"`...), t.wall)
	t.emit("trade:"+m.symbol, append(dst, `"}]}`...))
}

// trimZeros writes a decimal as a short JSON number.
func trimZeros(text []byte) []byte {
	value, fault := parseAmount(text)
	if fault != numberFine {
		return []byte("0")
	}
	return value.appendShort(nil)
}

func (w *krakenWords) quote(t *translation, symbol string, q quote) {
	dst := append([]byte(`{"channel":"ticker","type":"update","data":[{"symbol":"`), symbol...)
	dst = q.bid.appendShort(append(dst, `","bid":`...))
	dst = q.bidQty.appendShort(append(dst, `,"bid_qty":`...))
	dst = q.ask.appendShort(append(dst, `,"ask":`...))
	dst = q.askQty.appendShort(append(dst, `,"ask_qty":`...))
	dst = q.bid.appendShort(append(dst, `,"last":`...))
	t.emit("ticker:"+symbol, append(dst, `,"volume":0,"vwap":0,"low":0,"high":0,"change":0,"change_pct":0}]}`...))
}

func (w *krakenWords) ladder(t *translation, symbol string, depth int, whole bool, d *ladderChange) {
	kind := "update"
	if whole {
		kind = "snapshot"
	}
	dst := append(append([]byte(`{"channel":"book","type":"`), kind...), `","data":[{"symbol":"`...)
	dst = krakenLevels(append(append(dst, symbol...), `","bids":`...), d.bids)
	dst = krakenLevels(append(dst, `,"asks":`...), d.asks)
	dst = appendInt(append(dst, `,"checksum":`...), int64(krakenChecksum(d.book)))
	dst = appendRFC3339(append(dst, `,"timestamp":"`...), t.wall)
	t.emit("book-"+strconv.Itoa(depth)+":"+symbol, append(dst, `"}]}`...))
}

// krakenLevels leaves out what only fell out of the depth: the venue sends nothing for it.
func krakenLevels(dst []byte, list []levelChange) []byte {
	dst = append(dst, '[')
	for _, l := range list {
		if l.fellOut {
			continue
		}
		if dst[len(dst)-1] != '[' {
			dst = append(dst, ',')
		}
		dst = appendDecimals(append(dst, `{"price":`...), l.price, krakenPriceDecimals)
		dst = append(appendDecimals(append(dst, `,"qty":`...), l.qty, amountDigits), '}')
	}
	return append(dst, ']')
}

// appendDecimals writes exactly n decimals, cutting finer ones.
func appendDecimals(dst []byte, value amount, n int) []byte {
	dst = value.appendFixed(dst)
	return dst[:len(dst)-(amountDigits-n)]
}

// krakenChecksum is CRC32 over the ten best asks, then bids: price and quantity text without point and leading zeros.
//
// Source: guides/websockets/spot-checksums (v2).
func krakenChecksum(b *depthBook) uint32 {
	var text []byte
	for _, side := range [][]level{b.asks, b.bids} {
		for _, l := range side[:min(10, len(side))] {
			text = appendBare(text, appendDecimals(nil, l.price, krakenPriceDecimals))
			text = appendBare(text, appendDecimals(nil, l.qty, amountDigits))
		}
	}
	return crc32.ChecksumIEEE(text)
}

func appendBare(dst, number []byte) []byte {
	leading := true
	for _, c := range number {
		if c == '.' || leading && c == '0' {
			continue
		}
		leading = false
		dst = append(dst, c)
	}
	return dst
}

// coinbaseWords speak the Coinbase Exchange feed. A match names the maker's side.
type coinbaseWords struct{ sequence int64 }

func (w *coinbaseWords) depths() []int { return []int{1000} }

func (w *coinbaseWords) trade(t *translation, m *marketTrade) {
	w.sequence++
	maker := "sell"
	if m.sold {
		maker = "buy"
	}
	dst := appendInt([]byte(`{"type":"match","trade_id":`), m.id)
	dst = append(dst, `,"maker_order_id":"00000000-0000-4000-8000-000000000001","taker_order_id":"00000000-0000-4000-8000-000000000002","side":"`...)
	dst = append(append(append(dst, maker...), `","size":"`...), m.qty...)
	dst = append(append(append(dst, `","price":"`...), m.price...), `","product_id":"`...)
	dst = appendInt(append(append(dst, m.symbol...), `","sequence":`...), w.sequence)
	t.emit("matches:"+m.symbol, append(appendRFC3339(append(dst, `,"time":"`...), t.wall), `"}`...))
}

func (w *coinbaseWords) quote(t *translation, symbol string, q quote) {
	w.sequence++
	dst := appendInt([]byte(`{"type":"ticker","sequence":`), w.sequence)
	dst = append(append(append(dst, `,"product_id":"`...), symbol...), `","price":"`...)
	dst = q.bid.appendShort(dst)
	dst = q.bid.appendShort(append(dst, `","best_bid":"`...))
	dst = q.bidQty.appendShort(append(dst, `","best_bid_size":"`...))
	dst = q.ask.appendShort(append(dst, `","best_ask":"`...))
	dst = q.askQty.appendShort(append(dst, `","best_ask_size":"`...))
	dst = appendRFC3339(append(dst, `","side":"buy","time":"`...), t.wall)
	t.emit("ticker:"+symbol, append(dst, `","trade_id":1,"last_size":"0"}`...))
}

func (w *coinbaseWords) ladder(t *translation, symbol string, _ int, whole bool, d *ladderChange) {
	if whole {
		dst := append([]byte(`{"type":"snapshot","product_id":"`), symbol...)
		dst = appendLevels(append(dst, `","bids":`...), d.book.bids, len(d.book.bids))
		t.emit("level2:"+symbol, append(appendLevels(append(dst, `,"asks":`...), d.book.asks, len(d.book.asks)), '}'))
		return
	}
	dst := append([]byte(`{"type":"l2update","product_id":"`), symbol...)
	dst = append(appendRFC3339(append(dst, `","time":"`...), t.wall), `","changes":[`...)
	for side, list := range [][]levelChange{d.bids, d.asks} {
		for _, l := range list {
			if dst[len(dst)-1] != '[' {
				dst = append(dst, ',')
			}
			dst = append(append(dst, `["`...), krakenSides[side]...)
			dst = l.price.appendShort(append(dst, `","`...))
			dst = append(l.qty.appendShort(append(dst, `","`...)), `"]`...)
		}
	}
	t.emit("level2:"+symbol, append(dst, `]}`...))
}

// advancedWords speak Coinbase Advanced Trade. sequence_num is the connection's and is put in when a frame is sent.
type advancedWords struct{}

func (w *advancedWords) depths() []int { return []int{1000} }

func (w *advancedWords) wrap(t *translation, channel string, event []byte) []byte {
	dst := append(append([]byte(`{"channel":"`), channel...), `","client_id":"","timestamp":"`...)
	dst = append(appendRFC3339(dst, t.wall), `","sequence_num":0,"events":[`...)
	return append(append(dst, event...), `]}`...)
}

// trade names the maker's side, as the Exchange feed does.
func (w *advancedWords) trade(t *translation, m *marketTrade) {
	maker := "SELL"
	if m.sold {
		maker = "BUY"
	}
	dst := appendInt([]byte(`{"type":"update","trades":[{"trade_id":"`), m.id)
	dst = append(append(append(dst, `","product_id":"`...), m.symbol...), `","price":"`...)
	dst = append(append(append(dst, m.price...), `","size":"`...), m.qty...)
	dst = append(append(append(dst, `","side":"`...), maker...), `","time":"`...)
	t.emit("market_trades:"+m.symbol, w.wrap(t, "market_trades", append(appendRFC3339(dst, t.wall), `"}]}`...)))
}

func (w *advancedWords) quote(t *translation, symbol string, q quote) {
	dst := append([]byte(`{"type":"update","tickers":[{"type":"ticker","product_id":"`), symbol...)
	dst = q.bid.appendShort(append(dst, `","price":"`...))
	dst = q.bid.appendShort(append(dst, `","best_bid":"`...))
	dst = q.bidQty.appendShort(append(dst, `","best_bid_quantity":"`...))
	dst = q.ask.appendShort(append(dst, `","best_ask":"`...))
	dst = q.askQty.appendShort(append(dst, `","best_ask_quantity":"`...))
	t.emit("ticker:"+symbol, w.wrap(t, "ticker", append(dst, `"}]}`...)))
}

func (w *advancedWords) ladder(t *translation, symbol string, _ int, whole bool, d *ladderChange) {
	kind := "update"
	if whole {
		kind = "snapshot"
	}
	dst := append(append([]byte(`{"type":"`), kind...), `","product_id":"`...)
	dst = append(append(dst, symbol...), `","updates":[`...)
	for side, list := range [][]levelChange{d.bids, d.asks} {
		for _, l := range list {
			if dst[len(dst)-1] != '[' {
				dst = append(dst, ',')
			}
			dst = append(append(dst, `{"side":"`...), [...]string{"bid", "offer"}[side]...)
			dst = appendRFC3339(append(dst, `","event_time":"`...), t.wall)
			dst = l.price.appendShort(append(dst, `","price_level":"`...))
			dst = append(l.qty.appendShort(append(dst, `","new_quantity":"`...)), `"}`...)
		}
	}
	t.emit("level2:"+symbol, w.wrap(t, "l2_data", append(dst, `]}`...)))
}
