//! The person at the screen: what steps ask goes to the screen, and the answers go back.

use async_trait::async_trait;
use tokio::sync::{mpsc, oneshot};

use crate::{
    engine::{
        graph::NodeId,
        guide::{Answer, Guide, Operator},
    },
    fault::{Fault, Kind},
};

/// What a step asks, with the way back for the answer.
#[derive(Debug)]
pub struct Asked {
    /// Who asks.
    pub node: NodeId,
    /// What for.
    pub guide: Guide,
    /// Where the answer goes. Dropping it means that nobody answers.
    pub reply: oneshot::Sender<Answer>,
}

/// Hands what steps ask to the screen.
#[derive(Debug, Clone)]
pub struct AtTheScreen(mpsc::UnboundedSender<Asked>);

impl AtTheScreen {
    /// An operator, and where its questions come out.
    pub fn new() -> (Self, mpsc::UnboundedReceiver<Asked>) {
        let (sender, receiver) = mpsc::unbounded_channel();
        (Self(sender), receiver)
    }
}

#[async_trait]
impl Operator for AtTheScreen {
    async fn ask(&self, node: &NodeId, guide: &Guide) -> Result<Answer, Fault> {
        let nobody = || {
            Fault::new(Kind::NeedsPerson, format!("{node} was not answered: {}", guide.title))
                .hint("Open fedwiz again, or run `fedwiz apply`: the step asks once more.")
        };
        let (reply, answer) = oneshot::channel();
        let asked = Asked {
            node: node.clone(),
            guide: guide.clone(),
            reply,
        };
        self.0.send(asked).map_err(|_| nobody())?;
        answer.await.map_err(|_| nobody())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node() -> NodeId {
        NodeId {
            target: None,
            step: "saml.identity-source".into(),
            item: String::new(),
        }
    }

    #[tokio::test]
    async fn an_answer_goes_back_to_whoever_asked() {
        let (operator, mut questions) = AtTheScreen::new();
        let asking = tokio::spawn(async move { operator.ask(&node(), &Guide::new("Do it")).await });
        let asked = questions.recv().await.expect("a question");
        assert_eq!(asked.guide.title, "Do it");
        asked.reply.send(Answer::done()).expect("somebody waits");
        assert!(asking.await.unwrap().is_ok());
    }

    #[tokio::test]
    async fn a_question_that_is_put_away_needs_a_person() {
        let (operator, mut questions) = AtTheScreen::new();
        let asking = tokio::spawn(async move { operator.ask(&node(), &Guide::new("Do it")).await });
        drop(questions.recv().await);
        assert_eq!(asking.await.unwrap().unwrap_err().kind, Kind::NeedsPerson);
        let (operator, questions) = AtTheScreen::new();
        drop(questions);
        assert!(operator.ask(&node(), &Guide::new("Do it")).await.is_err());
    }
}
