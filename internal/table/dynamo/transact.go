package dynamo

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
)

// Transact applies all operations or none with one TransactWriteItems. A token
// that DynamoDB knows with other parameters is a repetition too: the time
// that conditions compare with is one of them.
func (t *Table) Transact(ctx context.Context, token string, ops ...table.Op) error {
	if err := table.CheckTransact(token, ops); err != nil {
		return err
	}
	if err := t.use(ctx); err != nil {
		return err
	}
	now := t.now()
	in := &dynamodb.TransactWriteItemsInput{
		ClientRequestToken: t.requestToken(token), ReturnConsumedCapacity: total,
		TransactItems: make([]types.TransactWriteItem, len(ops)),
	}
	for i, op := range ops {
		in.TransactItems[i] = t.transactItem(op, now)
	}
	out, err := try(ctx, t, func(ctx context.Context) (*dynamodb.TransactWriteItemsOutput, error) {
		return t.api.TransactWriteItems(ctx, in)
	})
	if _, ok := errors.AsType[*types.IdempotentParameterMismatchException](err); ok {
		table.Count(ctx, 0, 0)
		return nil
	}
	if err != nil {
		return canceledError(ctx, ops, err)
	}
	read, write := transactUnits(out.ConsumedCapacity)
	if read == 0 { // DynamoDB Local counts operations of equal units once
		write = max(write, leastUnits(ops))
	}
	table.Count(ctx, read, write)
	return nil
}

// leastUnits returns the units that a transaction costs at least, whatever the
// items it met.
func leastUnits(ops []table.Op) float64 {
	var least float64
	for _, op := range ops {
		size := 0
		if p, ok := op.(table.Put); ok {
			size = p.Item.Size()
		}
		least += table.TransactFactor * table.WriteUnits(size, 0)
	}
	return least
}

// requestToken makes the token one of this table: DynamoDB knows tokens by
// account and would take another table's for a repetition.
func (t *Table) requestToken(token string) *string {
	sum := sha256.Sum256([]byte(t.name + "\x00" + token))
	s := hex.EncodeToString(sum[:table.MaxTokenBytes/2])
	return &s
}

// transactUnits returns the units of a transaction. DynamoDB tells reads, of
// which a repetition consists, from writes; DynamoDB Local does not.
func transactUnits(ccs []types.ConsumedCapacity) (read, write float64) {
	for i := range ccs {
		if r := ccs[i].ReadCapacityUnits; r != nil && *r > 0 {
			read += *r
			write += units(&ccs[i]) - *r
		} else {
			write += units(&ccs[i])
		}
	}
	return read, write
}

// canceledError makes failed conditions of a transaction a
// [table.CanceledError], and counts it.
func canceledError(ctx context.Context, ops []table.Op, err error) error {
	tc, ok := errors.AsType[*types.TransactionCanceledException](err)
	if !ok {
		return err
	}
	ce := &table.CanceledError{Failed: map[int]*table.ConditionError{}}
	for i, r := range tc.CancellationReasons {
		if i >= len(ops) || code(r) != reasonCondition {
			continue
		}
		f, derr := failed(table.KeyOf(ops[i]), r.Item)
		if derr != nil {
			return derr
		}
		ce.Failed[i] = f
	}
	if len(ce.Failed) == 0 {
		return err
	}
	table.Count(ctx, 0, table.CanceledUnits(ops, ce.Failed))
	return ce
}

func (t *Table) transactItem(op table.Op, now int64) types.TransactWriteItem {
	var e expr
	switch o := op.(type) {
	case table.Put:
		cond := all(e.cond(o.Cond, now))
		return types.TransactWriteItem{Put: &types.Put{
			TableName: &t.name, Item: encodeItem(o.Item), ConditionExpression: cond,
			ExpressionAttributeNames: e.names, ExpressionAttributeValues: e.values,
			ReturnValuesOnConditionCheckFailure: allOld,
		}}
	case table.Delete:
		cond := all(e.cond(o.Cond, now))
		return types.TransactWriteItem{Delete: &types.Delete{
			TableName: &t.name, Key: encodeKey(o.Key), ConditionExpression: cond,
			ExpressionAttributeNames: e.names, ExpressionAttributeValues: e.values,
			ReturnValuesOnConditionCheckFailure: allOld,
		}}
	case table.Update:
		if o.IsCheck() {
			return t.checkItem(o.Key, o.Cond, now)
		}
		update, terms := e.update(o, now)
		return types.TransactWriteItem{Update: &types.Update{
			TableName: &t.name, Key: encodeKey(o.Key), UpdateExpression: update, ConditionExpression: all(terms),
			ExpressionAttributeNames: e.names, ExpressionAttributeValues: e.values,
			ReturnValuesOnConditionCheckFailure: allOld,
		}}
	case table.Check:
		return t.checkItem(o.Key, o.Cond, now)
	}
	return types.TransactWriteItem{}
}

// checkItem makes a condition check, which has to have a condition.
func (t *Table) checkItem(key table.Key, c table.Cond, now int64) types.TransactWriteItem {
	var e expr
	cond := all(e.cond(c, now))
	if cond == nil {
		pk := e.name(table.PKAttr)
		always := "attribute_exists(" + pk + ") OR attribute_not_exists(" + pk + ")"
		cond = &always
	}
	return types.TransactWriteItem{ConditionCheck: &types.ConditionCheck{
		TableName: &t.name, Key: encodeKey(key), ConditionExpression: cond,
		ExpressionAttributeNames: e.names, ExpressionAttributeValues: e.values,
		ReturnValuesOnConditionCheckFailure: allOld,
	}}
}
