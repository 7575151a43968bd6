package dynamo

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
)

// backupAttempts is how often Init tries to turn on point-in-time recovery of
// a table that is only just there.
const backupAttempts = 20

// Init makes the table if it is absent and create is true, with on-demand
// capacity, waits until it is active, and turns on expiry. A table that it
// makes gets point-in-time recovery where the endpoint has that; the setting
// of a table that exists is its owner's. Where credentials do not permit the
// call, expiry of a table that exists stays as it is, with a warning: expired
// items are absent all the same.
func (t *Table) Init(ctx context.Context, create bool) error {
	if err := t.use(ctx); err != nil {
		return err
	}
	made := false
	_, err := t.describe(ctx)
	if errors.Is(err, table.ErrNoTable) && create {
		made, err = t.create(ctx)
	}
	if err != nil {
		return err
	}
	if err := t.waitActive(ctx, create); err != nil {
		return err
	}
	if err := t.enableExpiry(ctx); err != nil {
		if !denied(err) {
			return err
		}
		t.opts.Logger.WarnContext(ctx, "expiry of the table could not be turned on", slog.Any("error", err))
	}
	if !made {
		return nil
	}
	return t.enableBackups(ctx)
}

func (t *Table) describe(ctx context.Context) (*types.TableDescription, error) {
	out, err := t.api.DescribeTable(ctx, &dynamodb.DescribeTableInput{TableName: &t.name})
	if err != nil {
		return nil, fmt.Errorf("describe table %s: %w", t.name, classify(ctx, err))
	}
	return out.Table, nil
}

// create makes the table, and reports whether it did: another process may have
// done so a moment before.
func (t *Table) create(ctx context.Context) (bool, error) {
	_, err := t.api.CreateTable(ctx, &dynamodb.CreateTableInput{
		TableName:   &t.name,
		BillingMode: types.BillingModePayPerRequest,
		AttributeDefinitions: []types.AttributeDefinition{
			{AttributeName: aws.String(table.PKAttr), AttributeType: types.ScalarAttributeTypeS},
			{AttributeName: aws.String(table.SKAttr), AttributeType: types.ScalarAttributeTypeS},
		},
		KeySchema: []types.KeySchemaElement{
			{AttributeName: aws.String(table.PKAttr), KeyType: types.KeyTypeHash},
			{AttributeName: aws.String(table.SKAttr), KeyType: types.KeyTypeRange},
		},
	})
	if _, ok := errors.AsType[*types.ResourceInUseException](err); ok {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("create table %s: %w", t.name, classify(ctx, err))
	}
	return true, nil
}

// waitActive waits until the table can be used. One that is being made may
// not be visible everywhere at once.
func (t *Table) waitActive(ctx context.Context, create bool) error {
	for {
		d, err := t.describe(ctx)
		switch {
		case errors.Is(err, table.ErrNoTable) && create:
		case err != nil:
			return err
		case !ourSchema(d):
			return fmt.Errorf("%w: %s", table.ErrSchema, t.name)
		case d.TableStatus == types.TableStatusActive || d.TableStatus == types.TableStatusUpdating:
			return nil
		}
		if err := table.Wait(ctx, t.opts.PollInterval); err != nil {
			return err
		}
	}
}

func ourSchema(d *types.TableDescription) bool {
	if len(d.KeySchema) != 2 {
		return false
	}
	for i, want := range [...]struct {
		name string
		kind types.KeyType
	}{{table.PKAttr, types.KeyTypeHash}, {table.SKAttr, types.KeyTypeRange}} {
		if aws.ToString(d.KeySchema[i].AttributeName) != want.name || d.KeySchema[i].KeyType != want.kind {
			return false
		}
	}
	for _, a := range d.AttributeDefinitions {
		name := aws.ToString(a.AttributeName)
		if (name == table.PKAttr || name == table.SKAttr) && a.AttributeType != types.ScalarAttributeTypeS {
			return false
		}
	}
	return true
}

// enableExpiry turns on expiry unless it is on. When another process does so
// at the same time, the call fails and expiry is on.
func (t *Table) enableExpiry(ctx context.Context) error {
	on, err := t.hasExpiry(ctx)
	if on || err != nil {
		return err
	}
	_, err = t.api.UpdateTimeToLive(ctx, &dynamodb.UpdateTimeToLiveInput{
		TableName:               &t.name,
		TimeToLiveSpecification: &types.TimeToLiveSpecification{AttributeName: aws.String(table.TTLAttr), Enabled: aws.Bool(true)},
	})
	if err == nil {
		return nil
	}
	if on, _ := t.hasExpiry(ctx); on {
		return nil
	}
	return fmt.Errorf("turn on expiry of table %s: %w", t.name, classify(ctx, err))
}

// hasExpiry reports whether expiry is on. Expiry by another attribute would
// delete items that the store keeps, so it is an error that wraps
// [table.ErrSchema].
func (t *Table) hasExpiry(ctx context.Context) (bool, error) {
	out, err := t.api.DescribeTimeToLive(ctx, &dynamodb.DescribeTimeToLiveInput{TableName: &t.name})
	if err != nil {
		return false, fmt.Errorf("describe expiry of table %s: %w", t.name, classify(ctx, err))
	}
	d := out.TimeToLiveDescription
	if d == nil || d.TimeToLiveStatus != types.TimeToLiveStatusEnabled && d.TimeToLiveStatus != types.TimeToLiveStatusEnabling {
		return false, nil
	}
	if name := aws.ToString(d.AttributeName); name != table.TTLAttr {
		return false, fmt.Errorf("%w: %s expires items by attribute %q", table.ErrSchema, t.name, name)
	}
	return true, nil
}

// enableBackups turns on point-in-time recovery. A new table may not take it
// at once; an endpoint that does not know it is no error.
func (t *Table) enableBackups(ctx context.Context) error {
	for range backupAttempts {
		_, err := t.api.UpdateContinuousBackups(ctx, &dynamodb.UpdateContinuousBackupsInput{
			TableName: &t.name,
			PointInTimeRecoverySpecification: &types.PointInTimeRecoverySpecification{
				PointInTimeRecoveryEnabled: aws.Bool(true),
			},
		})
		_, busy := errors.AsType[*types.ContinuousBackupsUnavailableException](err)
		if !busy {
			return t.backupsError(ctx, err)
		}
		if err := table.Wait(ctx, t.opts.PollInterval); err != nil {
			return err
		}
	}
	t.opts.Logger.WarnContext(ctx, "point-in-time recovery of the table could not be turned on")
	return nil
}

func (t *Table) backupsError(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	if ae, ok := errors.AsType[smithy.APIError](err); ok && (ae.ErrorCode() == "UnknownOperationException" || denied(err)) {
		t.opts.Logger.InfoContext(ctx, "the table has no point-in-time recovery", slog.Any("error", err))
		return nil
	}
	return fmt.Errorf("turn on point-in-time recovery of table %s: %w", t.name, classify(ctx, err))
}

// denied reports whether the credentials do not permit a call.
func denied(err error) bool {
	ae, ok := errors.AsType[smithy.APIError](err)
	return ok && ae.ErrorCode() == codeDenied
}
