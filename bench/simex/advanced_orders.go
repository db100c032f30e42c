package simex

// place is POST /orders. HTTP 200 with success:false is a reject. The venue's lock is held.
func (call *advancedCall) place() ([]byte, *refusal) {
	doc := &call.c.doc
	if doc.parse(call.r.body) != nil || doc.kind(0) != jsonObject {
		return nil, &refusal{cBadJSON, 400, 0, "Invalid JSON", 0}
	}
	for i := 1; i < len(doc.nodes); i = int(doc.nodes[i].next) {
		if !hasWord(" client_order_id product_id side order_configuration self_trade_prevention_id leverage margin_type retail_portfolio_id ", string(doc.name(i))) {
			return nil, coinbaseInvalid(string(doc.name(i)))
		}
	}
	if call.key.NoTrade {
		return nil, &refusal{cBadKeys, 403, 0, "PERMISSION_DENIED", 0}
	}
	p := placement{account: call.account, rx: call.c.rx}
	fault, why := call.placement(&p)
	if why != nil {
		return nil, why
	}
	if fault != "" {
		return call.failure(fault), nil
	}
	v := call.v
	if earlier := call.account.latest[string(p.client)]; earlier != nil {
		v.tally.add(cDuplicates) // answered with the order that is there, and not executed again
		return call.success(earlier), nil
	}
	call.plan = v.planFor("place", call.now, call.account, p.instrument.Symbol, p.client)
	if call.plan.Reject != "" {
		if call.plan.Status != 0 {
			return nil, coinbaseReject(&call.plan)
		}
		v.tally.add(cRejected)
		return call.failure(call.plan.Reject), nil
	}
	p.uid = v.uuid()
	if call.plan.Vanish {
		return nil, nil
	}
	if p.post && v.wouldTake(&order{side: p.side, price: p.price, instrument: p.instrument}) {
		v.tally.add(cRejected)
		return call.failure("INVALID_LIMIT_PRICE_POST_ONLY"), nil
	}
	o := v.place(call.now, &p, &call.plan)
	v.goLocked()
	if !call.plan.AckLost && !call.plan.Cut && !call.plan.Unknown {
		v.tally.add(cAcked)
	}
	return call.success(o), nil
}

func (call *advancedCall) success(o *order) []byte {
	dst := append([]byte(`{"success":true,"failure_reason":"UNKNOWN_FAILURE_REASON","order_id":"`), o.uid...)
	dst = append(append(dst, `","success_response":{"order_id":"`...), o.uid...)
	dst = append(append(dst, `","product_id":"`...), o.instrument.Symbol...)
	dst = append(append(dst, `","side":"`...), binanceSides[o.side]...)
	dst = appendQuoted(append(dst, `","client_order_id":`...), []byte(o.client))
	dst = append(dst, `},"order_configuration":{}`...)
	if call.v.config.AckRx {
		dst = appendInt(append(dst, `,"rx":`...), o.rx)
	}
	return append(dst, '}')
}

func (call *advancedCall) failure(reason string) []byte {
	dst := appendQuoted([]byte(`{"success":false,"failure_reason":"UNKNOWN_FAILURE_REASON","order_id":"","error_response":{"error":`), []byte(reason))
	dst = appendQuoted(append(dst, `,"message":`...), []byte(reason))
	dst = appendQuoted(append(dst, `,"error_details":"","preview_failure_reason":`...), []byte("PREVIEW_"+reason))
	return append(dst, `},"order_configuration":{}}`...)
}

// placement reads the order. A fault is a reject inside a 200; both it and why are counted where they are found.
func (call *advancedCall) placement(p *placement) (fault string, why *refusal) {
	doc := &call.c.doc
	if p.instrument = call.v.instrument([]byte(doc.member("product_id"))); p.instrument == nil {
		return "", coinbaseInvalid("product_id")
	}
	switch doc.member("side") {
	case "BUY":
		p.side = buy
	case "SELL":
		p.side = sell
	default:
		return "", coinbaseInvalid("side")
	}
	p.client = []byte(doc.member("client_order_id"))
	if !clientIDForm(p.client, 128, "-_.") {
		return "", &refusal{cBadIDs, 400, 0, "Invalid client_order_id", 0}
	}
	kinds := doc.find(0, "order_configuration")
	if doc.kind(kinds) != jsonObject || int(doc.nodes[kinds].next) == kinds+1 || doc.nodes[kinds+1].next != doc.nodes[kinds].next {
		return "", coinbaseInvalid("order_configuration")
	}
	return call.configuration(string(doc.name(kinds+1)), kinds+1, p)
}

// configuration reads the one member of order_configuration.
func (call *advancedCall) configuration(name string, object int, p *placement) (fault string, why *refusal) {
	names := " base_size limit_price "
	switch name {
	case "market_market_ioc", "market_market_fok":
		p.kind, p.tif, names = marketOrder, immediateOrCancel, " base_size quote_size "
	case "sor_limit_ioc":
		p.tif = immediateOrCancel
	case "limit_limit_gtc":
		names += "post_only "
	case "limit_limit_gtd":
		names += "post_only end_time "
	case "limit_limit_fok":
		p.tif = fillOrKill
	default:
		return "", coinbaseInvalid("order_configuration")
	}
	doc := &call.c.doc
	if doc.kind(object) != jsonObject {
		return "", coinbaseInvalid("order_configuration")
	}
	for i := object + 1; i < int(doc.nodes[object].next); i = int(doc.nodes[i].next) {
		if !hasWord(names, string(doc.name(i))) {
			return "", coinbaseInvalid(string(doc.name(i)))
		}
	}
	if post := doc.find(object, "post_only"); post >= 0 {
		p.post = doc.kind(post) == jsonTrue
	}
	return call.numbers(object, p)
}

func (call *advancedCall) numbers(object int, p *placement) (fault string, why *refusal) {
	ins, doc := p.instrument, &call.c.doc
	read := func(name string) amount {
		at := doc.find(object, name)
		if at < 0 {
			why = coinbaseInvalid(name)
			return 0
		}
		value, form := parseAmount(doc.raw(at))
		if doc.kind(at) != jsonString || form != numberFine {
			why = &refusal{cBadNumbers, 400, 0, "Invalid " + name, 0}
		}
		return value
	}
	if p.kind == limitOrder {
		if p.price = read("limit_price"); why != nil {
			return "", why
		}
		if p.price == 0 || p.price%ins.tick != 0 {
			call.v.tally.add(cBadNumbers)
			return "INVALID_PRICE_PRECISION", nil
		}
	}
	if doc.find(object, "quote_size") >= 0 {
		worth := read("quote_size")
		if _, price := call.v.touchOrMark(p); price > 0 {
			p.qty = worth.over(price)
			p.qty -= p.qty % ins.step
		}
	} else {
		p.qty = read("base_size")
	}
	switch _, price := call.v.touchOrMark(p); {
	case why != nil:
		return "", why
	case p.qty == 0 || p.qty%ins.step != 0:
		call.v.tally.add(cBadNumbers)
		return "INVALID_SIZE_PRECISION", nil
	case p.qty < ins.minQty || p.qty > ins.maxQty || p.kind == marketOrder && price == 0:
		call.v.tally.add(cRejected)
		return "ORDER_ENTRY_DISABLED", nil
	}
	return "", nil
}

// edit changes price and size of an open limit order.
func (call *advancedCall) edit() ([]byte, *refusal) {
	doc := &call.c.doc
	if doc.parse(call.r.body) != nil || doc.kind(0) != jsonObject {
		return nil, &refusal{cBadJSON, 400, 0, "Invalid JSON", 0}
	}
	o := call.v.byUID[doc.member("order_id")]
	if o == nil || o.account != call.account || !o.open() {
		return []byte(`{"success":false,"errors":[{"edit_failure_reason":"ORDER_NOT_FOUND"}]}`), nil
	}
	price, badPrice := parseAmount([]byte(doc.member("price")))
	qty, badQty := parseAmount([]byte(doc.member("size")))
	if badPrice != numberFine || badQty != numberFine || price == 0 || price%o.instrument.tick != 0 || qty%o.instrument.step != 0 {
		return nil, &refusal{cBadNumbers, 400, 0, "Invalid price or size", 0}
	}
	if qty <= o.done {
		call.v.tally.add(cRejected)
		return []byte(`{"success":false,"errors":[{"edit_failure_reason":"CANNOT_EDIT_TO_BELOW_FILLED_SIZE"}]}`), nil
	}
	call.v.alter(call.now, o, price, qty)
	return []byte(`{"success":true,"errors":[]}`), nil
}

// appendAdvancedOrder is an order as REST shows it.
func (v *Venue) appendAdvancedOrder(dst []byte, o *order, done, value amount, state orderState) []byte {
	average := amount(0)
	if done > 0 {
		average = value.over(done)
	}
	dst = append(append(dst, `{"order_id":"`...), o.uid...)
	dst = appendQuoted(append(dst, `","client_order_id":`...), []byte(o.client))
	dst = append(append(dst, `,"product_id":"`...), o.instrument.Symbol...)
	dst = append(append(dst, `","side":"`...), binanceSides[o.side]...)
	dst = append(append(dst, `","status":"`...), advancedStates[state]...)
	dst = append(append(dst, `","time_in_force":"`...), advancedTIF[o.tif]...)
	dst = appendRFC3339(append(dst, `","created_time":"`...), v.clock(o.created))
	dst = o.price.appendShort(append(dst, `","order_configuration":{"limit_limit_gtc":{"limit_price":"`...))
	dst = o.qty.appendShort(append(dst, `","base_size":"`...))
	dst = done.appendShort(append(dst, `"}},"filled_size":"`...))
	dst = average.appendShort(append(dst, `","average_filled_price":"`...))
	dst = value.appendShort(append(dst, `","filled_value":"`...))
	dst = appendInt(append(dst, `","number_of_fills":"`...), int64(len(o.executions)))
	dst = append(append(dst, `","order_type":"`...), advancedTypes[o.kind]...)
	return append(appendBool(append(dst, `","settled":`...), state > statePartial), '}')
}

var (
	advancedStates = [...]string{"OPEN", "OPEN", "FILLED", "CANCELLED", "CANCELLED", "FAILED"}
	advancedTIF    = [...]string{"GOOD_UNTIL_CANCELLED", "IMMEDIATE_OR_CANCEL", "FILL_OR_KILL"}
	advancedTypes  = [...]string{"LIMIT", "MARKET"}
)
