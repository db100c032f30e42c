package runtime

// warm does ahead what the next push on s will need, whatever its price: the tracker's place, the marks' place, the part
// of the signature that the id determines, the keystream of the next record. It belongs to idle turns, costs little where all is ready, and leaves
// nothing that a push depends on: what is not ready is done at the trigger.
func (s *session) warm() {
	if s.role != OrderRole || s.ids.Left() == 0 || len(s.armed) == 0 {
		return
	}
	next := s.ids.Peek()
	s.track.Ready(next)
	s.touched = s.timings.place(next).ID
	s.primed++
	if s.primed >= len(s.armed) {
		s.primed = 0
	}
	s.armed[s.primed].template.Prime(next)
	if s.frameBytes > 0 && !s.link.PendingControl() {
		s.link.PrepareNext(s.frameBytes)
	}
}
