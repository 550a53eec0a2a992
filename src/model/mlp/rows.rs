//! What rows and classes have to be, checked on the host: on a GPU one bad number can end the process.

use playhouse_actors::tensor::DType;
use playhouse_actors::{Error, Result, Tensor};

/// Checks that `rows` are finite f32 of shape `[rows, features]`, with any number of features if none is given.
pub(super) fn check(rows: &Tensor, features: Option<usize>) -> Result<()> {
    let fits = matches!(rows.shape(), &[_, columns] if columns > 0 && features.is_none_or(|wanted| wanted == columns));
    if rows.dtype() != DType::F32 || !fits {
        let wanted = features.map_or("_".to_owned(), |features| features.to_string());
        return Err(
            Error::malformed(format!("expected f32 [_, {wanted}], got {} {:?}", rows.dtype(), rows.shape())).into()
        );
    }
    let columns = rows.shape()[1];
    let bad = match rows.as_slice::<f32>() {
        Some(numbers) => not_finite(numbers),
        None => not_finite(&rows.to_vec::<f32>()?),
    };
    match bad {
        None => Ok(()),
        Some((at, number)) => {
            let place = [at / columns, at % columns];
            Err(Error::malformed(format!("expected finite numbers, got {number} at {place:?}")).into())
        }
    }
}

/// Checks that `classes` are u32, one for each of the rows.
pub(super) fn check_classes(classes: &Tensor, rows: &Tensor) -> Result<()> {
    let count = rows.shape().first().copied().unwrap_or(0);
    if classes.dtype() == DType::U32 && classes.shape() == [count] {
        return Ok(());
    }
    let got = format!("{} {:?}", classes.dtype(), classes.shape());
    Err(Error::malformed(format!("expected classes as u32 [{count}], one for each row, got {got}")).into())
}

/// The first number that is a NaN or an infinity, and where it is.
fn not_finite(numbers: &[f32]) -> Option<(usize, f32)> {
    numbers.iter().copied().enumerate().find(|(_, number)| !number.is_finite())
}
