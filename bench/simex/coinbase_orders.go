package simex

const coinbaseOrderParams = " type side product_id price size funds time_in_force cancel_after post_only client_oid stp max_floor profile_id "

// place is POST /orders. The venue's lock is held.
func (call *coinbaseCall) place() ([]byte, *refusal) {
	doc := &call.c.doc
	if doc.parse(call.r.body) != nil || doc.kind(0) != jsonObject {
		return nil, &refusal{cBadJSON, 400, 0, "Invalid JSON", 0}
	}
	for i := 1; i < len(doc.nodes); i = int(doc.nodes[i].next) {
		if !hasWord(coinbaseOrderParams, string(doc.name(i))) {
			return nil, coinbaseInvalid(string(doc.name(i)))
		}
	}
	if call.key.NoTrade {
		return nil, &refusal{cBadKeys, 403, 0, "Forbidden", 0}
	}
	p := placement{account: call.account, rx: call.c.rx, client: []byte{}, stp: selfDecrement}
	if why := call.placement(&p); why != nil {
		return nil, why
	}
	v := call.v
	if len(p.client) > 0 && call.account.latest[string(p.client)] != nil {
		v.tally.add(cDuplicates) // and it is executed all the same: client_oid is no idempotency key here
	}
	call.plan = v.planFor("place", call.now, call.account, p.instrument.Symbol, p.client)
	if call.plan.Reject != "" {
		return nil, coinbaseReject(&call.plan)
	}
	p.uid = v.uuid()
	if call.plan.Vanish {
		return nil, nil
	}
	o := v.place(call.now, &p, &call.plan)
	v.goLocked()
	if !call.plan.AckLost && !call.plan.Cut && !call.plan.Unknown {
		v.tally.add(cAcked)
	}
	return v.appendCoinbaseOrder(nil, o), nil
}

func coinbaseInvalid(name string) *refusal {
	return &refusal{cBadParams, 400, 0, "Invalid " + name, 0}
}

func (call *coinbaseCall) placement(p *placement) *refusal {
	if p.instrument = call.v.instrument(call.string("product_id")); p.instrument == nil {
		return coinbaseInvalid("product_id")
	}
	switch string(call.string("side")) {
	case "buy":
		p.side = buy
	case "sell":
		p.side = sell
	default:
		return coinbaseInvalid("side")
	}
	if why := call.terms(p); why != nil {
		return why
	}
	if why := call.numbers(p); why != nil {
		return why
	}
	if call.c.doc.find(0, "client_oid") >= 0 {
		p.client = call.string("client_oid")
		if !isUUID(p.client) {
			return &refusal{cBadIDs, 400, 0, "client_oid must be a valid uuid", 0}
		}
	}
	switch string(call.string("stp")) {
	case "", "dc":
	case "co":
		p.stp = selfCancelMaker
	case "cn":
		p.stp = selfCancelTaker
	case "cb":
		p.stp = selfCancelBoth
	default:
		return coinbaseInvalid("stp")
	}
	return nil
}

func (call *coinbaseCall) terms(p *placement) *refusal {
	doc := &call.c.doc
	post := doc.find(0, "post_only")
	if post >= 0 && doc.kind(post) != jsonTrue && doc.kind(post) != jsonFalse {
		return coinbaseInvalid("post_only")
	}
	p.post = post >= 0 && doc.kind(post) == jsonTrue
	tif, given := string(call.string("time_in_force")), doc.find(0, "time_in_force") >= 0
	switch string(call.string("type")) {
	case "market":
		p.kind, p.tif = marketOrder, immediateOrCancel
		if given || p.post {
			return coinbaseInvalid("time_in_force")
		}
		return nil
	case "limit":
	default:
		if doc.find(0, "type") >= 0 {
			return coinbaseInvalid("type")
		}
	}
	switch tif {
	case "", "GTC", "GTT":
	case "IOC":
		p.tif = immediateOrCancel
	case "FOK":
		p.tif = fillOrKill
	default:
		return coinbaseInvalid("time_in_force")
	}
	if after := doc.find(0, "cancel_after"); (after >= 0) != (tif == "GTT") {
		return coinbaseInvalid("cancel_after")
	}
	if p.post && p.tif != goodTillCancel {
		return coinbaseInvalid("post_only")
	}
	return nil
}

func (call *coinbaseCall) numbers(p *placement) *refusal {
	var why *refusal
	ins := p.instrument
	doc := &call.c.doc
	if p.kind == limitOrder {
		if p.price, why = call.number("price"); why != nil {
			return why
		}
		if p.price == 0 || p.price%ins.tick != 0 {
			return &refusal{cBadNumbers, 400, 0, "price is not a multiple of the quote increment", 0}
		}
	}
	if p.kind == marketOrder && doc.find(0, "funds") >= 0 {
		if doc.find(0, "size") >= 0 {
			return coinbaseInvalid("funds")
		}
		funds, why := call.number("funds")
		if why != nil {
			return why
		}
		if _, price := call.v.touchOrMark(p); price > 0 {
			p.qty = funds.over(price)
			p.qty -= p.qty % ins.step
		}
	} else if p.qty, why = call.number("size"); why != nil {
		return why
	}
	switch _, price := call.v.touchOrMark(p); {
	case p.qty == 0 || p.qty%ins.step != 0:
		return &refusal{cBadNumbers, 400, 0, "size is not a multiple of the base increment", 0}
	case p.qty < ins.minQty || p.qty > ins.maxQty:
		return &refusal{cRejected, 400, 0, "size is too small", 0}
	case p.kind == marketOrder && price == 0:
		return &refusal{cRejected, 400, 0, "Trading is disabled", 0}
	}
	return nil
}

func (call *coinbaseCall) number(name string) (amount, *refusal) {
	doc := &call.c.doc
	at := doc.find(0, name)
	if at < 0 {
		return 0, coinbaseInvalid(name)
	}
	value, fault := parseAmount(doc.raw(at))
	if doc.kind(at) != jsonString || fault != numberFine {
		return 0, &refusal{cBadNumbers, 400, 0, "Invalid " + name, 0}
	}
	return value, nil
}

func (call *coinbaseCall) string(name string) []byte {
	doc := &call.c.doc
	at := doc.find(0, name)
	if doc.kind(at) != jsonString {
		return nil
	}
	return doc.str(at)
}

// appendCoinbaseOrder is an order as every REST reply shows it.
func (v *Venue) appendCoinbaseOrder(dst []byte, o *order) []byte {
	status, reason := "open", ""
	switch {
	case o.open():
	case o.post && o.state == stateExpired:
		status, reason = "rejected", "post only"
	case o.state == stateFilled:
		status, reason = "done", "filled"
	default:
		status, reason = "done", "canceled"
	}
	tif := binanceTIF[o.tif]
	dst = append(append(dst, `{"id":"`...), o.uid...)
	dst = o.price.appendFixed(append(dst, `","price":"`...))
	dst = o.qty.appendFixed(append(dst, `","size":"`...))
	dst = append(append(dst, `","product_id":"`...), o.instrument.Symbol...)
	dst = append(append(dst, `","profile_id":"8058d771-2d88-4f0f-ab6e-299c153d4308","side":"`...), krakenSides[o.side]...)
	dst = append(append(dst, `","type":"`...), krakenTypes[o.kind]...)
	dst = append(append(dst, `","time_in_force":"`...), tif...)
	dst = appendBool(append(dst, `","post_only":`...), o.post)
	if o.client != "" {
		dst = appendQuoted(append(dst, `,"client_oid":`...), []byte(o.client))
	}
	dst = appendRFC3339(append(dst, `,"created_at":"`...), v.clock(o.created))
	dst = o.done.appendFixed(append(dst, `","fill_fees":"0","filled_size":"`...))
	dst = o.value.appendFixed(append(dst, `","executed_value":"`...))
	dst = append(append(dst, `","status":"`...), status...)
	if reason != "" {
		dst = append(append(dst, `","done_reason":"`...), reason...)
	}
	dst = appendBool(append(dst, `","settled":`...), !o.open())
	if v.config.AckRx {
		dst = appendInt(append(dst, `,"rx":`...), o.rx)
	}
	return append(dst, '}')
}
