package simex

import (
	"math"
	"strconv"
)

// exchangeInfo lists limits and instruments with their filters.
func (s *binanceSession) exchangeInfo(call *binanceCall) *refusal {
	dst := appendInt([]byte(`{"timezone":"UTC","serverTime":`), s.v.clock(call.now)/1e6)
	limits := &s.v.config.Limits
	dst = appendLimit(append(dst, `,"rateLimits":[`...), "REQUEST_WEIGHT", "MINUTE", 1, limits.WeightPerMinute, -1)
	dst = appendLimit(append(dst, ','), "ORDERS", "SECOND", 10, limits.OrdersPer10s, -1)
	dst = appendLimit(append(dst, ','), "ORDERS", "DAY", 1, limits.OrdersPerDay, -1)
	dst = append(dst, `],"exchangeFilters":[],"symbols":[`...)
	wanted := call.text("symbol")
	first := true
	for _, ins := range s.v.instruments {
		if wanted != nil && string(wanted) != ins.Symbol {
			continue
		}
		if !first {
			dst = append(dst, ',')
		}
		first = false
		dst = s.symbolInfo(dst, ins)
	}
	if wanted != nil && first {
		return &refusal{cBadParams, 400, -1121, "Invalid symbol.", 0}
	}
	s.reply(call, append(dst, ']', '}'))
	return nil
}

func (s *binanceSession) symbolInfo(dst []byte, ins *instrument) []byte {
	dst = append(append(dst, `{"symbol":"`...), ins.Symbol...)
	dst = append(append(dst, `","status":"TRADING","baseAsset":"`...), ins.Base...)
	dst = append(append(dst, `","baseAssetPrecision":8,"quoteAsset":"`...), ins.Quote...)
	if s.b.futures {
		dst = append(dst, `","quotePrecision":8,"contractType":"PERPETUAL","orderTypes":["LIMIT","MARKET"],"timeInForce":["GTC","IOC","FOK","GTX"]`...)
	} else {
		dst = append(dst, `","quotePrecision":8,"orderTypes":["LIMIT","LIMIT_MAKER","MARKET"],"isSpotTradingAllowed":true,"permissionSets":[["SPOT"]],`+
			`"defaultSelfTradePreventionMode":"NONE","allowedSelfTradePreventionModes":["NONE","EXPIRE_TAKER","EXPIRE_MAKER","EXPIRE_BOTH","DECREMENT"]`...)
	}
	dst = ins.tick.appendFixed(append(dst, `,"filters":[{"filterType":"PRICE_FILTER","minPrice":"`...))
	dst = ins.tick.appendFixed(append(dst, `","maxPrice":"1000000.00000000","tickSize":"`...))
	dst = ins.minQty.appendFixed(append(dst, `"},{"filterType":"LOT_SIZE","minQty":"`...))
	dst = ins.maxQty.appendFixed(append(dst, `","maxQty":"`...))
	dst = ins.step.appendFixed(append(dst, `","stepSize":"`...))
	if s.b.futures {
		dst = ins.minNotional.appendFixed(append(dst, `"},{"filterType":"MIN_NOTIONAL","notional":"`...))
		return append(dst, `"}]}`...)
	}
	dst = ins.minNotional.appendFixed(append(dst, `"},{"filterType":"NOTIONAL","minNotional":"`...))
	return append(dst, `","applyMinToMarket":true,"maxNotional":"9000000.00000000","applyMaxToMarket":false,"avgPriceMins":5}]}`...)
}

// depth is the book as far as the replay has come.
func (s *binanceSession) depth(call *binanceCall) *refusal {
	ins := s.v.instrument(call.text("symbol"))
	if ins == nil {
		return &refusal{cBadParams, 400, -1121, "Invalid symbol.", 0}
	}
	levels := 100
	if given := call.find("limit"); given != nil {
		n, err := strconv.Atoi(string(given.value))
		if err != nil || !given.is(jsonNumber) || n < 1 {
			return missing("limit")
		}
		levels = min(n, 5000)
	}
	s.reply(call, s.v.snapshot(ins).appendBinance(nil, levels))
	return nil
}

// trades is myTrades: the account's executions, oldest first.
func (s *binanceSession) trades(call *binanceCall) *refusal {
	limit, why := s.integer(call, "limit", 500)
	if why != nil {
		return why
	}
	from, why := s.integer(call, "fromId", 0)
	if why != nil {
		return why
	}
	start, why := s.integer(call, "startTime", 0)
	if why != nil {
		return why
	}
	end, why := s.integer(call, "endTime", math.MaxInt64/1_000_000)
	if why != nil {
		return why
	}
	only, why := s.integer(call, "orderId", 0)
	if why != nil {
		return why
	}
	ins := s.v.instrument(call.text("symbol"))
	if ins == nil {
		return &refusal{cBadParams, 400, -1121, "Invalid symbol.", 0}
	}
	v := s.v
	v.mu.Lock()
	defer v.mu.Unlock()
	plan := v.planFor("query", call.now, call.key.account, ins.Symbol, nil)
	if plan.Reject != "" {
		return binanceReject(&plan)
	}
	dst := []byte{'['}
	for _, f := range v.fills(call.key.account, ins, call.now) {
		at := v.clock(f.at) / 1e6
		if int64(f.id) < from || at < start || at > end || only != 0 && int64(f.order.id) != only || limit == 0 {
			continue
		}
		limit--
		if len(dst) > 1 {
			dst = append(dst, ',')
		}
		dst = s.tradeResult(dst, &f)
	}
	s.answer(call, append(dst, ']'), &plan)
	return nil
}

func (s *binanceSession) tradeResult(dst []byte, f *fill) []byte {
	o := f.order
	dst = append(append(dst, `{"symbol":"`...), o.instrument.Symbol...)
	dst = appendInt(append(dst, `","id":`...), int64(f.id))
	dst = appendInt(append(dst, `,"orderId":`...), int64(o.id))
	dst = f.price.appendFixed(append(dst, `,"price":"`...))
	dst = f.qty.appendFixed(append(dst, `","qty":"`...))
	dst = f.price.times(f.qty).appendFixed(append(dst, `","quoteQty":"`...))
	if s.b.futures {
		dst = append(append(dst, `","commission":"0","commissionAsset":"USDT","realizedPnl":"0","positionSide":"BOTH","side":"`...), binanceSides[o.side]...)
		dst = appendBool(append(dst, `","buyer":`...), o.side == buy)
		dst = appendBool(append(dst, `,"maker":`...), f.maker)
		return append(s.stamp(append(dst, `,"time":`...), f.at), '}')
	}
	dst = s.stamp(append(dst, `","orderListId":-1,"commission":"0.00000000","commissionAsset":"BNB","time":`...), f.at)
	dst = appendBool(append(dst, `,"isBuyer":`...), o.side == buy)
	return append(appendBool(append(dst, `,"isMaker":`...), f.maker), `,"isBestMatch":true}`...)
}

// integer is an optional whole number.
func (s *binanceSession) integer(call *binanceCall, name string, fallback int64) (int64, *refusal) {
	given := call.find(name)
	if given == nil {
		return fallback, nil
	}
	if !given.is(jsonNumber) || !allDigits(given.value) || len(given.value) > 18 {
		return 0, missing(name)
	}
	value, err := strconv.ParseInt(string(given.value), 10, 64)
	if err != nil {
		return 0, missing(name)
	}
	return value, nil
}

// fill is one execution with its order.
type fill struct {
	execution
	order *order
}

// fills lists an account's executions in the order they happened, those of hidden orders left out. The lock is held.
func (v *Venue) fills(a *account, ins *instrument, now int64) []fill {
	var list []fill
	for _, o := range v.orders {
		if o.account != a || ins != nil && o.instrument != ins || now < o.hiddenUntil {
			continue
		}
		for _, x := range o.executions {
			list = append(list, fill{x, o})
		}
	}
	sortFills(list)
	return list
}

// accountStatus says what the account may do. Balances are not modelled.
func (s *binanceSession) accountStatus(call *binanceCall) *refusal {
	if s.b.futures {
		s.reply(call, []byte(`{"canTrade":true,"canDeposit":true,"canWithdraw":false,"multiAssetsMargin":false,"totalWalletBalance":"1000000.00000000","availableBalance":"1000000.00000000","assets":[],"positions":[]}`))
		return nil
	}
	s.reply(call, []byte(`{"canTrade":true,"canWithdraw":false,"canDeposit":true,"accountType":"SPOT","balances":[],"permissions":["SPOT"]}`))
	return nil
}

// restrictions says what the key may do.
func (s *binanceSession) restrictions(call *binanceCall) *refusal {
	dst := appendBool([]byte(`{"ipRestrict":`), !call.key.AnyAddress)
	dst = appendBool(append(dst, `,"enableReading":true,"enableSpotAndMarginTrading":`...), !call.key.NoTrade)
	dst = appendBool(append(dst, `,"enableFutures":`...), !call.key.NoTrade)
	dst = appendBool(append(dst, `,"enableWithdrawals":`...), call.key.Withdraws)
	s.reply(call, append(dst, '}'))
	return nil
}

// orderLimits is the account's use of the order counts.
func (s *binanceSession) orderLimits(call *binanceCall) *refusal {
	s.v.mu.Lock()
	tens, day := call.key.account.usage.ordered(call.now, 0)
	s.v.mu.Unlock()
	limits := &s.v.config.Limits
	dst := appendLimit([]byte{'['}, "ORDERS", "SECOND", 10, limits.OrdersPer10s, tens)
	dst = appendLimit(append(dst, ','), "ORDERS", "DAY", 1, limits.OrdersPerDay, day)
	s.reply(call, append(dst, ']'))
	return nil
}
