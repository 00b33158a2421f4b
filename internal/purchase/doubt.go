package purchase

import (
	"context"
	"slices"
	"time"
)

// doubtDeadline bounds the look for what there is in spite of a refusal: it only adds to what is told.
const doubtDeadline = 15 * time.Second

// doubt looks once for what there is although the service says that it has not carried the purchase out. The intent has to be taken back before:
// others wait for whoever has one, and this waits for them, as what they have just bought may be what it finds. Whatever can't be told for sure in
// time is left out: it would be called somebody else's.
func (b *buying) doubt(ctx context.Context, refusal error) Result {
	if b.p.Doubts == nil || b.p.Find == nil || !b.p.Doubts(refusal) {
		return Result{}
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), doubtDeadline)
	defer cancel()
	matches, err := b.look(ctx, b.rec)
	if err != nil || len(matches) == 0 {
		return Result{}
	}
	found, err := b.unclaimed(ctx, matches)
	if err != nil || found.none() || !b.leaveAlone(ctx, found.candidates) {
		return Result{}
	}
	return Result{Unexplained: found.candidates, Rivals: found.rivals}
}

// leaveAlone keeps later attempts from taking over what the reader is told is left alone. Without an earlier attempt the next one begins with a look
// of its own at what is there. It tells whether that is certain.
func (b *buying) leaveAlone(ctx context.Context, found []Match) bool {
	if b.previous == nil || !b.previous.State.open() {
		return true
	}
	b.previous.LeftAlone = slices.Clone(b.previous.LeftAlone)
	for _, one := range found {
		b.previous.LeftAlone = append(b.previous.LeftAlone, one.ID)
	}
	return b.desk.save(context.WithoutCancel(ctx), b.name, b.previous) == nil
}
