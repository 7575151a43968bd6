package dynamo

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
)

const (
	total  = types.ReturnConsumedCapacityTotal
	allOld = types.ReturnValuesOnConditionCheckFailureAllOld
)

// Put writes one item with one PutItem, which is atomic.
func (t *Table) Put(ctx context.Context, p table.Put) error {
	if err := t.check(ctx, p); err != nil {
		return err
	}
	var e expr
	cond := all(e.cond(p.Cond, t.now()))
	in := &dynamodb.PutItemInput{
		TableName: &t.name, Item: encodeItem(p.Item), ConditionExpression: cond,
		ExpressionAttributeNames: e.names, ExpressionAttributeValues: e.values,
		ReturnConsumedCapacity: total, ReturnValuesOnConditionCheckFailure: allOld,
	}
	out, err := try(ctx, t, func(ctx context.Context) (*dynamodb.PutItemOutput, error) { return t.api.PutItem(ctx, in) })
	if err != nil {
		return writeError(ctx, p.Item.Key, err)
	}
	table.Count(ctx, 0, units(out.ConsumedCapacity))
	return nil
}

// Delete removes one item with one DeleteItem, which is atomic.
func (t *Table) Delete(ctx context.Context, d table.Delete) error {
	if err := t.check(ctx, d); err != nil {
		return err
	}
	var e expr
	cond := all(e.cond(d.Cond, t.now()))
	in := &dynamodb.DeleteItemInput{
		TableName: &t.name, Key: encodeKey(d.Key), ConditionExpression: cond,
		ExpressionAttributeNames: e.names, ExpressionAttributeValues: e.values,
		ReturnConsumedCapacity: total, ReturnValuesOnConditionCheckFailure: allOld,
	}
	out, err := try(ctx, t, func(ctx context.Context) (*dynamodb.DeleteItemOutput, error) { return t.api.DeleteItem(ctx, in) })
	if err != nil {
		return writeError(ctx, d.Key, err)
	}
	table.Count(ctx, 0, units(out.ConsumedCapacity))
	return nil
}

// Update changes one item with one UpdateItem, which is atomic. An update that
// changes nothing is a condition check, and must not make an item as DynamoDB
// would: where it needs absence it is a DeleteItem, which meets nothing or
// what has expired; where it has no condition it is a GetItem if its result
// is asked for, and nothing otherwise.
func (t *Table) Update(ctx context.Context, u table.Update) (table.Item, error) {
	if err := t.check(ctx, u); err != nil {
		return table.Item{}, err
	}
	if u.IsCheck() && !u.Cond.NeedsItem() {
		switch {
		case u.Cond.IsAbsent():
			return table.Item{}, t.Delete(ctx, table.Delete{Key: u.Key, Cond: u.Cond})
		case u.Return:
			it, _, err := t.Get(ctx, u.Key, table.Strong)
			return it, err
		}
		return table.Item{}, nil
	}
	return t.update(ctx, u)
}

func (t *Table) update(ctx context.Context, u table.Update) (table.Item, error) {
	var e expr
	update, terms := e.update(u, t.now())
	in := &dynamodb.UpdateItemInput{
		TableName: &t.name, Key: encodeKey(u.Key), UpdateExpression: update, ConditionExpression: all(terms),
		ExpressionAttributeNames: e.names, ExpressionAttributeValues: e.values,
		ReturnConsumedCapacity: total, ReturnValuesOnConditionCheckFailure: allOld,
	}
	if u.Return {
		in.ReturnValues = types.ReturnValueAllNew
	}
	out, err := try(ctx, t, func(ctx context.Context) (*dynamodb.UpdateItemOutput, error) { return t.api.UpdateItem(ctx, in) })
	if err != nil {
		return table.Item{}, writeError(ctx, u.Key, err)
	}
	table.Count(ctx, 0, units(out.ConsumedCapacity))
	if !u.Return {
		return table.Item{}, nil
	}
	return decodeItem(out.Attributes)
}

// check is called before each write.
func (t *Table) check(ctx context.Context, op table.Op) error {
	if err := table.CheckOp(op); err != nil {
		return err
	}
	return t.use(ctx)
}

// writeError turns a failed condition into a [table.ConditionError] and counts
// it: DynamoDB charges by the item it met but does not report that.
func writeError(ctx context.Context, key table.Key, err error) error {
	ce, err := conditionError(key, err)
	if err != nil {
		return err
	}
	size := 0
	if ce.Found {
		size = ce.Item.Size()
	}
	table.Count(ctx, 0, table.WriteUnits(size, 0))
	return ce
}
