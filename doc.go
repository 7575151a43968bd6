// Package dynamodbstore keeps MLflow tracking data (experiments, runs,
// metrics, params, tags, datasets) in one DynamoDB table.
package dynamodbstore
