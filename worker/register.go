package main

import (
	"go.temporal.io/sdk/worker"

	"imagebatch/activities"
	"imagebatch/workflows"
	"imagebatch/workflows/contract"
)

// register binds every name of package contract: workflows and short activities
// to one worker, slices to the other.
func register(general, slices worker.Registry, p *parts) {
	workflows.Register(general)

	workflows.Bind(general, contract.Begin, activities.Final(p.tasks.Begin))
	workflows.Bind(general, contract.Plan, activities.Final(p.plans.Plan))
	workflows.Bind(slices, contract.Slice, activities.Final(p.slices.Slice))
	workflows.Bind(general, contract.End, activities.Final(p.tasks.End))
	workflows.Bind(general, contract.WriteReport, activities.Final(p.reports.Write))
	workflows.Bind(general, contract.NoteUnread, activities.Final(p.tasks.NoteUnread))
	workflows.Bind(general, contract.CloseTerminated, activities.Final(p.tasks.CloseTerminated))
	workflows.Bind(general, contract.DeliverCallback, activities.Final(p.callbacks.Deliver))
	workflows.Bind(general, contract.RecordCallback, activities.Final(p.callbacks.Record))

	workflows.BindOperation(general, contract.ListTasks, activities.Final(p.tasks.List))
	workflows.BindOperation(general, contract.SignReport, activities.Final(p.reports.Sign))
	workflows.BindOperation(general, contract.CheckManifest, activities.Final(p.reports.Check))
	workflows.BindOperation(general, contract.CreateInstance, activities.Final(p.instances.Create))
	workflows.BindOperation(general, contract.ListInstances, activities.Final(p.instances.List))
	workflows.BindOperation(general, contract.GetInstance, activities.Final(p.instances.Find))
	workflows.BindOperation(general, contract.DescribeInstance, activities.Final(p.instances.Describe))
	workflows.BindOperation(general, contract.InstanceRates, activities.Final(p.instances.Limit))
	workflows.BindOperation(general, contract.DeleteInstance, activities.Final(p.instances.Delete))
	workflows.BindOperation(general, contract.AddImage, activities.Final(p.images.Add))
	workflows.BindOperation(general, contract.UpdateImage, activities.Final(p.images.Update))
	workflows.BindOperation(general, contract.DeleteImage, activities.Final(p.images.Delete))
	workflows.BindOperation(general, contract.CheckImageExists, activities.Final(p.images.Exists))
	workflows.BindOperation(general, contract.CompareSimilarByImage, activities.Final(p.images.Compare))
	workflows.BindOperation(general, contract.DumpMeta, activities.Final(p.images.Dump))
	workflows.BindOperation(general, contract.GetImage, activities.Final(p.images.Describe))
	workflows.BindOperation(general, contract.SearchImage, activities.Final(p.images.Search))
	workflows.BindOperation(general, contract.NewUpload, activities.Final(p.images.NewUpload))
}
