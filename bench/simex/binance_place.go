package simex

import "strings"

// place is order.place.
func (s *binanceSession) place(call *binanceCall) *refusal {
	return s.order(call, false)
}

// test is order.test: every check, no order.
func (s *binanceSession) test(call *binanceCall) *refusal {
	return s.order(call, true)
}

func (s *binanceSession) order(call *binanceCall, dry bool) *refusal {
	var p placement
	respond, why := s.placement(call, &p)
	if why != nil {
		return why
	}
	if dry {
		s.v.tally.add(cTested)
		s.reply(call, []byte("{}"))
		return nil
	}
	s.v.mu.Lock()
	defer s.v.mu.Unlock()
	if why := s.admitOrder(call, &p); why != nil {
		return why
	}
	return s.execute(call, &p, respond)
}

// execute hands a checked order to the engine and answers. The venue's lock is held.
func (s *binanceSession) execute(call *binanceCall, p *placement, respond string) *refusal {
	v := s.v
	plan := v.planFor("place", call.now, p.account, p.instrument.Symbol, p.client)
	if plan.Reject != "" {
		return binanceReject(&plan)
	}
	if plan.Vanish {
		s.unknown(call, &plan)
		return nil
	}
	o := v.place(call.now, p, &plan)
	if o.state != stateFilled { // fills give the count back
		o.counted = true
		call.tens, call.day = p.account.usage.ordered(call.now, 1)
	}
	call.weight = v.usage.spend(call.now, -call.method.weight) // what succeeds costs nothing, since 2026-04-02
	v.goLocked()
	if plan.ReportFirst {
		v.publish(call.now, s.c, &plan)
	}
	if plan.Unknown {
		s.unknown(call, &plan)
	} else {
		s.ack(call, s.orderResult(o, respond), &plan)
	}
	v.publish(call.now, s.c, &plan)
	return nil
}

// admitOrder applies the rules that need the venue's state. Its lock is held.
func (s *binanceSession) admitOrder(call *binanceCall, p *placement) *refusal {
	v := s.v
	limits := &v.config.Limits
	call.ordering = true
	call.tens, call.day = p.account.usage.ordered(call.now, 0)
	if reached(call.tens, limits.OrdersPer10s) || reached(call.day, limits.OrdersPerDay) {
		return &refusal{cOverLimit, 429, -1015, "Too many new orders.", (call.now/10e9 + 1) * 10e3}
	}
	if earlier := p.account.latest[string(p.client)]; earlier != nil {
		v.tally.add(cDuplicates)
		if earlier.open() {
			if s.b.futures {
				return &refusal{counterCount, 400, -4116, "ClientOrderId is duplicated.", 0}
			}
			return &refusal{counterCount, 400, -2010, "Duplicate order sent.", 0}
		}
	}
	if p.post && v.wouldTake(&order{side: p.side, price: p.price, instrument: p.instrument}) {
		if s.b.futures {
			return &refusal{cRejected, 400, -5022, "Due to the order could not be executed as maker, the Post Only order will be rejected.", 0}
		}
		return &refusal{cRejected, 400, -2010, "Order would immediately match and take.", 0}
	}
	if p.reduce && !v.reduces(p) {
		return &refusal{cRejected, 400, -2022, "ReduceOnly Order is rejected.", 0}
	}
	_, touch := s.v.touchOrMark(p)
	if p.kind == marketOrder && touch == 0 {
		return &refusal{cRejected, 400, -2010, "Market is closed.", 0}
	}
	return nil
}

func reached(used int64, limit int) bool { return limit > 0 && used >= int64(limit) }

// touchOrMark is the price that a market order would start from.
func (v *Venue) touchOrMark(p *placement) (amount, amount) {
	price, qty := p.instrument.touch(p.side)
	if price == 0 {
		price = p.instrument.mark
	}
	return qty, price
}

func binanceReject(plan *Plan) *refusal {
	status, code := plan.Status, -2010
	if status == 0 {
		status = 400
	}
	text := plan.Reject
	if number, rest, ok := strings.Cut(plan.Reject, " "); ok && strings.HasPrefix(number, "-") {
		if id, fine := parseID([]byte(number[1:])); fine {
			code, text = -int(id), rest
		}
	}
	which := cRejected
	if status == 429 || status == 418 {
		which = counterCount // a scripted limit is no fault of the client
	}
	return &refusal{counter: which, status: status, code: code, text: text}
}

// placement reads and judges an order's parameters.
func (s *binanceSession) placement(call *binanceCall, p *placement) (respond string, why *refusal) {
	p.account, p.rx = call.key.account, s.c.rx
	if call.key.NoTrade {
		return "", &refusal{cBadKeys, 401, -2015, "Invalid API-key, IP, or permissions for action.", 0}
	}
	if p.instrument = s.v.instrument(call.text("symbol")); p.instrument == nil {
		return "", &refusal{cBadParams, 400, -1121, "Invalid symbol.", 0}
	}
	switch string(call.text("side")) {
	case "BUY":
		p.side = buy
	case "SELL":
		p.side = sell
	default:
		return "", &refusal{cBadParams, 400, -1117, "Invalid side.", 0}
	}
	if why := s.terms(call, p); why != nil {
		return "", why
	}
	if why := s.numbers(call, p); why != nil {
		return "", why
	}
	if why := s.clientID(call, p); why != nil {
		return "", why
	}
	return s.options(call, p)
}

// terms reads type and timeInForce.
func (s *binanceSession) terms(call *binanceCall, p *placement) *refusal {
	tif, given := call.text("timeInForce"), call.has("timeInForce")
	switch string(call.text("type")) {
	case "LIMIT":
		if !given {
			return missing("timeInForce")
		}
	case "LIMIT_MAKER":
		if s.b.futures {
			return &refusal{cBadParams, 400, -1116, "Invalid orderType.", 0}
		}
		p.post = true
	case "MARKET":
		p.kind, p.tif = marketOrder, immediateOrCancel
	default:
		return &refusal{cBadParams, 400, -1116, "Invalid orderType.", 0}
	}
	if p.kind == marketOrder || p.post {
		if given {
			return &refusal{cBadParams, 400, -1106, "Parameter 'timeInForce' sent when not required.", 0}
		}
		return nil
	}
	switch string(tif) {
	case "GTX":
		if p.post = s.b.futures; !p.post {
			return &refusal{cBadParams, 400, -1115, "Invalid timeInForce.", 0}
		}
	case "GTC":
		p.tif = goodTillCancel
	case "IOC":
		p.tif = immediateOrCancel
	case "FOK":
		p.tif = fillOrKill
	default:
		return &refusal{cBadParams, 400, -1115, "Invalid timeInForce.", 0}
	}
	return nil
}

// numbers reads price and quantity and holds them against the instrument.
func (s *binanceSession) numbers(call *binanceCall, p *placement) *refusal {
	var why *refusal
	if p.kind == marketOrder {
		if call.has("price") {
			return &refusal{cBadParams, 400, -1106, "Parameter 'price' sent when not required.", 0}
		}
		if call.has("quoteOrderQty") == call.has("quantity") {
			return missing("quantity")
		}
		if call.has("quoteOrderQty") {
			return s.worth(call, p)
		}
	} else if p.price, why = s.number(call, "price"); why != nil {
		return why
	}
	if p.qty, why = s.number(call, "quantity"); why != nil {
		return why
	}
	ins := p.instrument
	switch {
	case p.kind == limitOrder && (p.price == 0 || p.price%ins.tick != 0):
		return &refusal{cBadNumbers, 400, -1013, "Filter failure: PRICE_FILTER", 0}
	case p.qty == 0 || p.qty%ins.step != 0:
		return &refusal{cBadNumbers, 400, -1013, "Filter failure: LOT_SIZE", 0}
	case p.qty < ins.minQty || p.qty > ins.maxQty:
		return &refusal{cRejected, 400, -1013, "Filter failure: LOT_SIZE", 0}
	case p.kind == limitOrder && p.price.times(p.qty) < ins.minNotional:
		return &refusal{cRejected, 400, -1013, "Filter failure: NOTIONAL", 0}
	}
	return nil
}

// worth turns quoteOrderQty into a quantity at the touch.
func (s *binanceSession) worth(call *binanceCall, p *placement) *refusal {
	worth, why := s.number(call, "quoteOrderQty")
	if why != nil {
		return why
	}
	s.v.mu.Lock()
	_, price := s.v.touchOrMark(p)
	s.v.mu.Unlock()
	if price > 0 {
		p.qty = worth.over(price)
		p.qty -= p.qty % p.instrument.step
	}
	if p.qty == 0 {
		return &refusal{cRejected, 400, -1013, "Filter failure: NOTIONAL", 0}
	}
	return nil
}

// number reads one decimal string.
func (s *binanceSession) number(call *binanceCall, name string) (amount, *refusal) {
	given := call.find(name)
	if given == nil {
		return 0, missing(name)
	}
	value, fault := parseAmount(given.value)
	if !given.is(jsonString) {
		fault = numberForm // decimals are strings here; a JSON number is how a float leaks out
	}
	switch fault {
	case numberForm:
		return 0, &refusal{cBadNumbers, 400, -1100, "Illegal characters found in parameter '" + name + `'; legal range is '^([0-9]{1,20})(\.[0-9]{1,20})?$'.`, 0}
	case numberTooFine:
		return 0, &refusal{cBadNumbers, 400, -1111, "Parameter '" + name + "' has too much precision.", 0}
	case numberTooBig:
		return 0, &refusal{cBadNumbers, 400, -1013, "Filter failure: LOT_SIZE", 0}
	}
	return value, nil
}

// clientID reads newClientOrderId, or makes one as the venue does.
func (s *binanceSession) clientID(call *binanceCall, p *placement) *refusal {
	if !call.has("newClientOrderId") {
		var raw [11]byte
		s.v.mu.Lock()
		s.v.random(raw[:])
		s.v.mu.Unlock()
		p.client = appendHex(nil, raw[:])
		return nil
	}
	p.client = call.text("newClientOrderId")
	return s.idForm("newClientOrderId", p.client)
}

// idForm judges a client id: '^[a-zA-Z0-9-_]{1,36}$', and on futures also '.', ':' and '/'.
func (s *binanceSession) idForm(name string, id []byte) *refusal {
	more := "-_"
	if s.b.futures {
		more = "-_.:/"
	}
	if !clientIDForm(id, 36, more) {
		return &refusal{cBadIDs, 400, -1100, "Illegal characters found in parameter '" + name + "'; legal range is '^[a-zA-Z0-9-_" + more[2:] + "]{1,36}$'.", 0}
	}
	return nil
}

// clientIDForm tells whether an id is of 1 to most letters, digits and the bytes of more.
func clientIDForm(id []byte, most int, more string) bool {
	for _, c := range id {
		plain := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
		if !plain && strings.IndexByte(more, c) < 0 {
			return false
		}
	}
	return len(id) > 0 && len(id) <= most
}

// options reads what may be there: the reply's form and self-trade prevention.
func (s *binanceSession) options(call *binanceCall, p *placement) (respond string, why *refusal) {
	respond = "FULL"
	if p.post || s.b.futures {
		respond = "ACK"
	}
	if s.b.futures {
		if why := s.futuresOptions(call, p); why != nil {
			return "", why
		}
	}
	if call.has("newOrderRespType") {
		switch text := string(call.text("newOrderRespType")); text {
		case "ACK", "RESULT":
			respond = text
		case "FULL":
			respond = text
			if !s.b.futures {
				break
			}
			fallthrough
		default:
			return "", &refusal{cBadParams, 400, -1100, "Illegal characters found in parameter 'newOrderRespType'.", 0}
		}
	}
	if !call.has("selfTradePreventionMode") {
		return respond, nil
	}
	switch string(call.text("selfTradePreventionMode")) {
	case "NONE":
	case "EXPIRE_TAKER":
		p.stp = selfCancelTaker
	case "EXPIRE_MAKER":
		p.stp = selfCancelMaker
	case "EXPIRE_BOTH":
		p.stp = selfCancelBoth
	case "DECREMENT":
		p.stp = selfDecrement
	default:
		return "", &refusal{cBadParams, 400, -1013, "This symbol does not allow the specified self-trade prevention mode.", 0}
	}
	return respond, nil
}
