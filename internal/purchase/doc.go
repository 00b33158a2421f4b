// Package purchase buys at most once a key, within limits.
//
// The service has no idempotency keys, and Terraform creates again after every lost answer, taint, -replace and renamed for_each key, without
// telling a create what an earlier run did. So a record is written to a journal before each purchase, and a purchase whose outcome is not known is
// looked up before anything is sent again. The package knows nothing of Terraform: problems are values, which the provider turns into diagnostics.
//
// # The states of a purchase
//
//	           Buy: lock, check, price,            2xx
//	           reserve, snapshot, fsync        ┌─────────────────────────▶ known(id) ──┐
//	(none) ────────────────────────▶ intent ───┤                                       │ Forget
//	   ▲                               │ ▲     │ surely not carried out                ├───────▶ forgotten(id)
//	   └─────────── refused ◀──────────┼─┼─────┤ (what was there before is put back)   │
//	                                   │ │     │                                       │
//	          the process died here    │ │     │ answer lost        exactly one        │
//	          ─────────────────────────┤ │     └───────▶ unknown ─────────▶ adopted(id)┘
//	          the next Buy looks first ▼ │                │  │  ▲
//	                           like unknown   none found: │  │  │ several, or one that may be another purchase's
//	                                     └── absent ◀─────┘  └──┴──▶ ambiguous(candidates): the next Buy looks again
//	                                     (the next Buy may send)
//
// Intent and sent are one state. Between the two there would be only the call of Send, and a process that dies around it can't write down on which
// side it died: a later run must look in either case. Absent is no state of a record either. The record stays unknown, with a count of the looks
// that found nothing, and keeps its first snapshot: a list that lags behind may still show the first attempt when the second is looked for.
//
// A service may confirm a purchase without saying its id (ErrIDUnknown). The record is then unknown and confirmed: it is looked up like a lost one,
// but is never absent. Where its id can't be told it becomes known under a placeholder, or stays open, to be looked up again and never sent again.
//
// # Purchases of several steps
//
// A conversation is opened, and then each message is charged. It is one purchase all the same (Purchase.Conduct), which writes into its record what
// it knows as it goes (Note): its id, and notes of its own form.
//
//	          Conduct: opened                         returned, or failed
//	intent ────────────────────▶ intent, id noted ───────────────────────────▶ known(id)
//	   │                              │   ▲  │                                     ▲
//	   │ as above: a lost answer      │   └──┘ notes, before and after each step   │
//	   ▼ is looked up                 │                                            │
//	                                  │ the process died here: the next Buy        │
//	                                  └────────────────────────────────────────────┘ adopted(id), with the notes
//
// A noted id ends all doubt. Whatever fails after it, something was bought: an error is a warning then, and never a refusal. A later Buy asks whether
// the id is there, looks for nothing, and takes it over as far as it got. Looks for other purchases leave it out, and don't wait for it, as it may go
// on for an hour. What a step may have cost is told by the notes alone, so that one that is about to charge is noted first: where that can't be
// written, the step must not be taken. The notes stay in the record.
//
// Two events come from outside. A read or a plan that has a state makes the record known (SawInState): the state is the better witness,
// unless it still has what the key named before the last purchase. An object that is gone frees the key where the key names an object
// (AdoptUnlessInState), and does not where the key is used once for ever (AdoptIfSameInputs): forgotten is then only a remark.
//
// A plan that wants to buy what is live already leaves a mark on the record, which a plan or a read with the state of it takes away. A destroy that
// finds the mark is refused: it comes from a taint whose plan saw no state, and the purchase after it would charge again. Where no plan could leave
// the mark, the purchase itself is refused in the run that destroyed the object.
//
// # What is found
//
// A look goes by what is new against the snapshot. What another record claims is left out. Who is still on its way is waited for. Of a single
// candidate that is left, another open purchase is a rival unless its own snapshot has the candidate already: whatever else is there may be
// somebody else's, and explains nothing. One candidate without rivals is the purchase; anything else is refused.
//
// A refusal of the service may be doubted (Purchase.Doubts): it is believed, but what is there all the same is looked for once, by the same rules,
// and handed to the caller, who tells of it. None of it is ever the purchase: where an earlier attempt keeps its snapshot, what was told is written
// down beside that, and later looks leave it out.
//
// # What is locked when
//
// The lock of a key is held by one Buy from before it reads the record until the purchase is settled. It is the system's lock on a file, so it ends
// with its process, and not before: a provider that outlives a killed CLI keeps it while it waits for its answer, and the next run waits for it and
// reads the result. The ledger of a command has a lock of its own, taken for moments while a key's lock may be held, never the other way round. A
// purchase that looks for its lost answer waits for others that are on their way and have not noted an id; it is not on its way any more itself, so
// nobody waits in a circle.
//
// # The limits
//
// A purchase reserves what it authorises before it is sent, under the lock of the ledger, and gives it back only when it was surely not carried out.
// The ledger belongs to one command of the CLI, named by the CLI's process, since every provider block is a process of its own. Processes are told
// apart by number and start, never by comparing times.
//
// # What this can't do
//
// The guarantee is: at most once a key while the journal survives, or a plan in the same working directory has read the state. With neither,
// nothing at the service identifies a purchase. Somebody who buys the same thing by other means at the very moment at which an answer is lost makes
// the look for it ambiguous, which is refused, or, if the purchase itself was not carried out, makes theirs look like it.
package purchase
