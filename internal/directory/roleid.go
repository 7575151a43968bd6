package directory

import (
	"context"
	"errors"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/document"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/failure"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/mlflow"
)

// Ids of roles are unique in a table, as clients name roles by them alone. A workspace
// is given a block of ids, and takes one after the other: so who may write only in the
// workspace makes roles too, and an id tells the workspace.

// roleBlock is how many ids a block has. Stored, must not change.
const roleBlock = 1024

// roleIDs are the ids that a workspace may still give out.
type roleIDs struct {
	document.Meta
	next, until int64
}

func decodeRoleIDs(it table.Item) (*roleIDs, error) {
	return &roleIDs{document.MetaOf(it), it.Num(keys.Next), it.Num(keys.Until)}, document.CheckVersion(it)
}

// errNoIDs says that a workspace has used up its ids.
var errNoIDs = errors.New("directory: no ids for roles")

// takeRoleID returns an id that no role has had. 2 requests, 1 RCU, 1 WCU; for each
// block of ids 5 requests, 1 RCU, 3 WCU more.
func (r *Rights) takeRoleID(ctx context.Context) (int64, error) {
	for {
		d, err := r.mutateRoleIDs(ctx, func(cur *roleIDs) (*roleIDs, error) {
			if cur == nil || cur.next > cur.until {
				return nil, errNoIDs
			}
			return &roleIDs{next: cur.next + 1, until: cur.until}, nil
		})
		if err == nil {
			return d.next - 1, nil
		}
		if !errors.Is(err, errNoIDs) {
			return 0, err
		}
		if err := r.GiveRoleIDs(ctx); err != nil {
			return 0, err
		}
	}
}

// GiveRoleIDs gives the workspace a block of ids for roles, unless it has some left.
// Ids that are given out twice at the same moment are lost: there are more. 4 requests,
// 1 RCU, 3 WCU.
func (r *Rights) GiveRoleIDs(ctx context.Context) error {
	ctx = table.DeferSync(ctx)
	seq, err := r.Table.Update(ctx, table.Update{
		Key: keys.RoleSequence(), Add: []table.Attr{{Name: keys.Next, Value: table.Number(1)}}, Return: true,
	})
	if err != nil {
		return err
	}
	block := seq.Num(keys.Next) - 1
	last := (block + 1) * roleBlock
	if last >= hiddenRoles {
		return failure.Errorf(mlflow.CodeInvalidState, "There are no more ids for roles.")
	}
	err = r.Table.Put(ctx, table.Put{Cond: table.Absent(), Item: table.NewItem(keys.RoleBlock(block),
		table.Attr{Name: keys.Version, Value: table.Number(document.SchemaVersion)},
		table.Attr{Name: keys.Of, Value: table.String(r.Workspace)},
		table.Attr{Name: keys.Gen, Value: table.String(r.Live)})})
	if err != nil {
		return err
	}
	_, err = r.mutateRoleIDs(ctx, func(cur *roleIDs) (*roleIDs, error) {
		if cur != nil && cur.next <= cur.until {
			return cur, nil
		}
		return &roleIDs{next: block*roleBlock + 1, until: last}, nil
	})
	return err
}

func (r *Rights) mutateRoleIDs(ctx context.Context, apply func(cur *roleIDs) (*roleIDs, error)) (*roleIDs, error) {
	at := r.acl.RoleIDs()
	d := document.NewDocument(r.Table, r.Clock, func(ctx context.Context) (*roleIDs, error) {
		return document.ReadDocument(ctx, r.Table, at, decodeRoleIDs)
	}, decodeRoleIDs)
	d.Write = func(ctx context.Context, cur, next *roleIDs) error {
		return r.Table.Put(table.DeferSync(ctx), table.Put{
			Item: table.NewItem(at, next.AppendTo([]table.Attr{
				{Name: keys.Next, Value: table.Number(next.next)}, {Name: keys.Until, Value: table.Number(next.until)},
			})...),
			Cond: document.LastMeta(cur).IsRev(),
		})
	}
	return document.Mutate(ctx, d, func(cur *roleIDs) (*roleIDs, bool, error) {
		next, err := apply(cur)
		return next, false, err
	})
}

// Home returns the workspace of a role, by its id. Whether there is the role the
// workspace says, if it is of that generation still. 1 request, 1 RCU.
func (s *Store) Home(ctx context.Context, role int64) (home Membership, found bool, err error) {
	if role < 1 || role >= hiddenRoles {
		return Membership{}, false, nil
	}
	it, found, err := s.Table.Get(ctx, keys.RoleBlock((role-1)/roleBlock), table.Strong)
	return Membership{it.Str(keys.Of), it.Str(keys.Gen)}, found, err
}
