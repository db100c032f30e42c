package simex

// named finds the order that a cancel or a query means. The venue's lock is held.
func (s *binanceSession) named(call *binanceCall) (*order, *refusal) {
	ins := s.v.instrument(call.text("symbol"))
	if ins == nil {
		return nil, &refusal{cBadParams, 400, -1121, "Invalid symbol.", 0}
	}
	o, why := s.lookUp(call, "orderId", "origClientOrderId")
	if why != nil {
		return nil, why
	}
	if o == nil || o.instrument != ins || o.account != call.key.account {
		return nil, nil
	}
	return o, nil
}

// lookUp finds an order by the venue's id or by the client's; nil when there is none.
func (s *binanceSession) lookUp(call *binanceCall, byID, byClient string) (*order, *refusal) {
	id, client := call.find(byID), call.find(byClient)
	switch {
	case id != nil:
		number, ok := parseID(id.value)
		if !ok || !id.is(jsonNumber) {
			return nil, missing(byID)
		}
		return s.v.orderByID(number), nil
	case client != nil:
		if why := s.idForm(byClient, client.value); why != nil || !client.is(jsonString) {
			return nil, why
		}
		return call.key.account.latest[string(client.value)], nil
	}
	return nil, missing(byID)
}

// orderByID finds an order; nil when there is none. The lock is held.
func (v *Venue) orderByID(id uint64) *order {
	if at := id - firstOrderID; at < uint64(len(v.orders)) {
		return v.orders[at]
	}
	return nil
}

// cancel is order.cancel.
func (s *binanceSession) cancel(call *binanceCall) *refusal {
	v := s.v
	v.mu.Lock()
	defer v.mu.Unlock()
	o, why := s.named(call)
	if why != nil {
		return why
	}
	name := []byte(nil)
	if call.has("newClientOrderId") {
		name = call.text("newClientOrderId")
		if why := s.idForm("newClientOrderId", name); why != nil {
			return why
		}
	}
	plan := v.planFor("cancel", call.now, call.key.account, string(call.text("symbol")), call.text("origClientOrderId"))
	if plan.Reject != "" {
		return binanceReject(&plan)
	}
	if plan.Vanish {
		s.unknown(call, &plan)
		return nil
	}
	if o == nil || !o.open() {
		return &refusal{counterCount, 400, -2011, "Unknown order sent.", 0}
	}
	o.cancelID = s.cancelName(name)
	v.cancel(call.now, o, "requested")
	call.weight = v.usage.spend(call.now, -call.method.weight)
	if plan.Unknown {
		s.unknown(call, &plan)
	} else {
		s.answer(call, s.cancelResult(nil, o), &plan)
	}
	v.publish(call.now, s.c, &plan)
	return nil
}

// cancelName is the client id of a cancel. The venue's lock is held.
func (s *binanceSession) cancelName(given []byte) string {
	if given != nil {
		return string(given)
	}
	var raw [11]byte
	s.v.random(raw[:])
	return string(appendHex(nil, raw[:]))
}

// cancelAll is openOrders.cancelAll, for one symbol.
func (s *binanceSession) cancelAll(call *binanceCall) *refusal {
	v := s.v
	v.mu.Lock()
	defer v.mu.Unlock()
	ins := v.instrument(call.text("symbol"))
	if ins == nil {
		return &refusal{cBadParams, 400, -1121, "Invalid symbol.", 0}
	}
	dst := []byte{'['}
	for _, o := range v.openOrders(call.key.account, ins) {
		o.cancelID = s.cancelName(nil)
		v.cancel(call.now, o, "requested")
		if len(dst) > 1 {
			dst = append(dst, ',')
		}
		dst = s.cancelResult(dst, o)
	}
	if len(dst) == 1 {
		return &refusal{counterCount, 400, -2011, "Unknown order sent.", 0}
	}
	s.reply(call, append(dst, ']'))
	v.publish(call.now, s.c, &Plan{})
	return nil
}

// openOrders lists an account's open orders, oldest first; ins nil means all. The list is the caller's own, so that it may
// cancel while it walks. The lock is held.
func (v *Venue) openOrders(a *account, ins *instrument) []*order {
	var list []*order
	for _, o := range a.open {
		if ins == nil || o.instrument == ins {
			list = append(list, o)
		}
	}
	return list
}

// query is order.status.
func (s *binanceSession) query(call *binanceCall) *refusal {
	v := s.v
	v.mu.Lock()
	defer v.mu.Unlock()
	o, why := s.named(call)
	if why != nil {
		return why
	}
	plan := v.planFor("query", call.now, call.key.account, "", call.text("origClientOrderId"))
	if plan.Reject != "" {
		return binanceReject(&plan)
	}
	if o == nil || call.now < o.hiddenUntil {
		return &refusal{counterCount, 400, -2013, "Order does not exist.", 0}
	}
	s.answer(call, s.orderStatus(nil, o), &plan)
	return nil
}

// queryOpen is openOrders.status.
func (s *binanceSession) queryOpen(call *binanceCall) *refusal {
	v := s.v
	v.mu.Lock()
	defer v.mu.Unlock()
	var ins *instrument
	if call.has("symbol") {
		if ins = v.instrument(call.text("symbol")); ins == nil {
			return &refusal{cBadParams, 400, -1121, "Invalid symbol.", 0}
		}
	}
	plan := v.planFor("query", call.now, call.key.account, "", nil)
	if plan.Reject != "" {
		return binanceReject(&plan)
	}
	dst := []byte{'['}
	for _, o := range v.openOrders(call.key.account, ins) {
		if call.now < o.hiddenUntil {
			continue
		}
		if len(dst) > 1 {
			dst = append(dst, ',')
		}
		dst = s.orderStatus(dst, o)
	}
	s.answer(call, append(dst, ']'), &plan)
	return nil
}
