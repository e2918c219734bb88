"""What recognition rests on. The numbers are `footfall.calibration_gallery`'s."""

from __future__ import annotations

from fastapi import APIRouter

from api.auth import Caller
from api.state import State
from contracts.calibration import CalibrationReport
from footfall.calibration_gallery import calibration_report
from footfall.reembedding import report_versions
from footfall.serving import refresh
from footfall.tenancy import tenant_transaction

router = APIRouter(tags=["recognition"])


@router.get("/v1/calibration", operation_id="reportCalibration", summary="Report the calibration")
def report_calibration(caller: Caller, state: State) -> CalibrationReport:
    """The thresholds in force for the tenant, with their intervals and provenance, and the score distributions."""
    services = state.services
    with tenant_transaction(services.engine, caller.tenant_id) as connection:
        serving = refresh(services, connection)
        report = calibration_report(
            connection,
            services.settings.recognition,
            serving.served,
            models_folder=services.settings.models_path,
        )
        return report.model_copy(update={"versions": report_versions(connection, serving)})
